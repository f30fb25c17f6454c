import { isAscii } from 'node:buffer';
import { createDecoder } from '../ingest/formats/decode.ts';
import { readNative, native } from '../ingest/formats/native.ts';
const N=20000, now=Date.parse('2026-06-01T12:00:00Z');
const recs=Array.from({length:N},(_,at)=>({ts:new Date(now-(N-at)*10).toISOString(),request_id:`req_${(at*2654435761).toString(16).padStart(32,'0').slice(-32)}`,provider:'openai',org:'org-acme',project:`proj_${at%7}`,api_key:`sk-proj-${String(at%20).repeat(40).slice(0,40)}`,client:['checkout','search-api','support-bot'][at%3],region:'eu-central-1',model:['gpt-5.2','gpt-5-mini'][at%2],endpoint:'/v1/chat/completions',method:'POST',status:200,latency_ms:400+at%1000,ttft_ms:120,input_tokens:900,output_tokens:200,cost_usd:0.0042,retry_count:0,stream:at%2===0,error:null}));
const bufs=recs.map(r=>Buffer.from(JSON.stringify(r)));
let s=0;
const dAuto=createDecoder({format:'auto',mapping:{}}), dNat=createDecoder({format:'native',mapping:{}});
const runs:Record<string,()=>void>={
 base:()=>{for(const b of bufs)s+=(JSON.parse(b.toString('utf8')) as any).status},
 asciiLatin:()=>{for(const b of bufs){ if(isAscii(b)) s+=(JSON.parse(b.toString('latin1')) as any).status}},
 asciiL1Slice:()=>{for(const b of bufs){ if(isAscii(b)) s+=(JSON.parse((b as any).latin1Slice(0,b.length)) as any).status}},
 parseReadNative:()=>{for(const b of bufs)s+=readNative(JSON.parse(b.toString('utf8')),now).log?1:0},
 native:()=>{for(const b of bufs)s+=dNat(b,now).kind==='ok'?1:0},
 auto:()=>{for(const b of bufs)s+=dAuto(b,now).kind==='ok'?1:0},
};
const best:Record<string,number>={};
for(let k=0;k<25;k++) for(const [n,f] of Object.entries(runs)){const t=performance.now();f();best[n]=Math.min(best[n]??1e9,(performance.now()-t)*1e6/N);}
for(const [n,b] of Object.entries(best)) console.log(n.padEnd(20),b.toFixed(0));
