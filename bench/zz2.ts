import { isAscii } from 'node:buffer';
import { createDecoder } from '../ingest/formats/decode.ts';
import { readNative, native } from '../ingest/formats/native.ts';
const N=20000, now=Date.parse('2026-06-01T12:00:00Z');
const recs=Array.from({length:N},(_,at)=>({ts:new Date(now-(N-at)*10).toISOString(),request_id:`req_${(at*2654435761).toString(16).padStart(32,'0').slice(-32)}`,provider:'openai',org:'org-acme',project:`proj_${at%7}`,api_key:`sk-proj-${String(at%20).repeat(40).slice(0,40)}`,client:['checkout','search-api','support-bot'][at%3],region:'eu-central-1',model:['gpt-5.2','gpt-5-mini'][at%2],endpoint:'/v1/chat/completions',method:'POST',status:200,latency_ms:400+at%1000,ttft_ms:120,input_tokens:900,output_tokens:200,cost_usd:0.0042,retry_count:0,stream:at%2===0,error:null}));
const bufs=recs.map(r=>Buffer.from(JSON.stringify(r)));
let s=0;
const dAuto=createDecoder({format:'auto',mapping:{}}), dNat=createDecoder({format:'native',mapping:{}});

import { parseTimestamp } from '../ingest/formats/timestamp.ts';
import { cleanEndpoint, cleanId, cleanProvider, dimensionCleaner } from '../ingest/formats/clean.ts';
import { fingerprint } from '../ingest/formats/fingerprint.ts';
import { isPlainNative } from '../ingest/formats/native.ts';
const c1=dimensionCleaner(),c2=dimensionCleaner(),c3=dimensionCleaner();
const P=(b:Buffer)=>JSON.parse(b.toString('utf8')) as any;
const runs:Record<string,()=>void>={
 base:()=>{for(const b of bufs)s+=P(b).status},
 check:()=>{for(const b of bufs)s+=isPlainNative(P(b))?1:0},
 ts:()=>{for(const b of bufs)s+=parseTimestamp(P(b).ts,now) as number},
 id:()=>{for(const b of bufs)s+=cleanId(P(b).request_id).length},
 key:()=>{for(const b of bufs)s+=fingerprint(P(b).api_key).length},
 provider:()=>{for(const b of bufs)s+=cleanProvider(P(b).provider).length},
 endpoint:()=>{for(const b of bufs)s+=cleanEndpoint(P(b).endpoint).length},
 org:()=>{for(const b of bufs)s+=c1(P(b).org).length},
 client:()=>{for(const b of bufs)s+=c2(P(b).client).length},
 region:()=>{for(const b of bufs)s+=c3(P(b).region).length},
 native:()=>{for(const b of bufs)s+=readNative(P(b),now).log?1:0},
};
const best:Record<string,number>={};
for(let k=0;k<25;k++) for(const [n,f] of Object.entries(runs)){const t=performance.now();f();best[n]=Math.min(best[n]??1e9,(performance.now()-t)*1e6/N);}
for(const [n,b] of Object.entries(best)) console.log(n.padEnd(20),b.toFixed(0));
