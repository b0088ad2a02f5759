// nginx, by njs: `js_set $admitted admission.admitted` is "yes" or "no". It does not see the body,
// so a bound body's digest is for the backend to check.
import crypto from 'crypto';

const sign = (key, text) => crypto.createHmac('sha256', key).update(text).digest('base64url');

function admitted(r) {
    const key = Buffer.from(process.env.DOORWARD_ADMISSION_KEY || '', 'base64url');
    const gate = process.env.DOORWARD_GATE_ID || 'doorward';
    const part = (r.headersIn['Doorward-Admitted'] || '').split('.');
    if (key.length !== 32 || part.length !== 6 || part[0] !== 'dwa1') return 'no';
    const target = r.variables.request_uri;
    const fields = [part[0], gate, part[1], part[2], r.method, target, part[3], part[4]];
    const want = sign(key, fields.map((field) => Buffer.from(field).length + ':' + field).join(''));
    const fresh = Math.abs(Date.now() / 1000 - Number(part[1])) <= 60;
    // Signed once more, what is compared tells nothing by the time it takes.
    return fresh && sign(key, want) === sign(key, part[5]) ? 'yes' : 'no';
}

export default { admitted };
