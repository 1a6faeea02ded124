// A service that burns CPU: it answers /work and /healthz on the port in PORT, and names its
// instance in the header X-Instance-Id.
const { createHash } = require('node:crypto');
const http = require('node:http');

http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/healthz') {
    response.end('ok\n');
    return;
  }
  if (url.pathname !== '/work') {
    response.writeHead(404).end();
    return;
  }
  let sum = url.searchParams.get('word') ?? '';
  for (let i = 0; i < 4_000; i++) { // some 8 ms
    sum = createHash('sha256').update(sum).digest('hex');
  }
  response.setHeader('X-Instance-Id', process.env.INSTANCE_ID);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ status: 'ok', sum }) + '\n');
}).listen(process.env.PORT);
