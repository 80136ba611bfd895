// One document in, one verdict out, a line of JSON each: {"document": <base64>} → {"verdict", "reason", "fetched"}.
// Digital Bazaar's libraries judge; only the way to documents is ours: https://<host> is found at a port of this machine.
import {createInterface} from 'node:readline';
import {readFileSync} from 'node:fs';
import {request} from 'node:http';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';

const [host, port, badgeContext] = process.argv.slice(2);
const MULTIKEY = 'https://w3id.org/security/multikey/v1';
const BADGES = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';
const badges = JSON.parse(readFileSync(badgeContext, 'utf8'));
const suite = new DataIntegrityProof({cryptosuite});
let fetched = [];

function download(url) {
  fetched.push(url);
  const {pathname, search} = new URL(url);
  const headers = {Host: host, Accept: 'application/ld+json, application/json'};
  return new Promise((resolve, reject) => {
    request({host: '127.0.0.1', port, path: pathname + search, headers}, answer => {
      const parts = [];
      answer.on('data', part => parts.push(part));
      answer.on('end', () => {
        if(answer.statusCode !== 200) {
          return reject(new Error(`${url} answered ${answer.statusCode}`));
        }
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')));
      });
    }).on('error', reject).end();
  });
}

async function fromDid(url) {
  const [did, fragment] = url.split('#');
  const [authority, ...path] = did.split(':').slice(2).map(decodeURIComponent);
  const document = await download(`https://${authority}/${path.length ? path.join('/') : '.well-known'}/did.json`);
  if(fragment === undefined) {
    return document;
  }
  const method = document.verificationMethod.find(({id}) => id === url);
  if(!method) {
    throw new Error(`${url} is not published`);
  }
  return {'@context': MULTIKEY, ...method};
}

// The library brings the W3C's contexts; what it does not know and is not ours is never fetched.
async function documentLoader(url) {
  if(url !== BADGES && !url.startsWith(`did:web:${encodeURIComponent(host)}`) && !url.startsWith(`https://${host}/`)) {
    return vc.defaultDocumentLoader(url);
  }
  const document = url === BADGES ? badges : await (url.startsWith('did:') ? fromDid(url) : download(url));
  return {contextUrl: null, documentUrl: url, document};
}

async function judge(bytes) {
  let credential;
  try {
    credential = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch(error) {
    return {verdict: 'invalid', reason: `not JSON: ${error.message}`};
  }
  const check = options => checkStatus({...options, suite, verifyMatchingIssuers: true});
  try {
    const {verified, error, statusResult} = await vc.verifyCredential({credential, suite, documentLoader, checkStatus: check});
    if(!verified) {
      const reason = error?.errors?.[0]?.message ?? error?.message ?? statusResult?.error?.message ?? 'not verified';
      return {verdict: 'invalid', reason};
    }
    // "verified" says that the list can be trusted; what the list says is another matter.
    const isRevoked = statusResult.results.some(({status}) => status);
    return {verdict: isRevoked ? 'revoked' : 'valid', reason: ''};
  } catch(error) {
    return {verdict: 'invalid', reason: error.message};
  }
}

for await (const line of createInterface({input: process.stdin})) {
  fetched = [];
  const found = await judge(Buffer.from(JSON.parse(line).document, 'base64'));
  process.stdout.write(JSON.stringify({...found, fetched}) + '\n');
}
