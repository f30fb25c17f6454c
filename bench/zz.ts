import { redactionRules } from '../ingest/formats/redaction-rules.ts';
const t1="Rate limit reached for gpt-4o in organization org-acme on tokens per min (TPM): Limit 30000, Used 29500, Requested 1200. Please try again in 1.4s.";
const t2="The server had an error while processing your request";
const t3="Incorrect API key provided: sk-proj-abcd************wxyz. You can find your API key at https://platform.openai.com/account/api-keys.";
const trig=redactionRules.flatMap(r=>r.triggers);
const esc=(t:string)=>t.replace(/[.*+?^${}()|[\]\\]/g,'\\$&');
const HINT=new RegExp([...trig].sort((a,b)=>b.length-a.length).map(esc).join('|'));
const HINTI=new RegExp([...trig].map(esc).join('|'),'i');
const HINTG=new RegExp([...trig].map(esc).join('|'),'g');
let s=0;
function b(name:string,f:()=>void){let best=1e9;for(let k=0;k<10;k++){const t=performance.now();for(let i=0;i<20000;i++)f();best=Math.min(best,(performance.now()-t)*1e6/20000);}console.log(name.padEnd(40),best.toFixed(0));}
for(const [n,t] of Object.entries({t1,t2,t3})){
 b(n+' lower',()=>{s+=t.toLowerCase().length});
 const l=t.toLowerCase();
 b(n+' includes',()=>{for(const r of redactionRules) if(r.triggers.some(x=>l.includes(x))) s++;});
 b(n+' hint test',()=>{s+=HINT.test(l)?1:0});
 b(n+' hint i test',()=>{s+=HINTI.test(t)?1:0});
 b(n+' hint all',()=>{HINTG.lastIndex=0;while(HINTG.test(l))s++;});
 for(const r of redactionRules) if(r.triggers.some(x=>l.includes(x))) b(n+' apply '+r.triggers[0],()=>{s+=r.apply(t).length});
}
