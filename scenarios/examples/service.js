// A service that computes, with Node's own modules alone: /work takes CPU, /healthz none.
const { createHash } = require('node:crypto');
const { createServer } = require('node:http');

function work() {
  let digest = 'start';
  for (let i = 0; i < 10_000; i++) digest = createHash('sha256').update(digest).digest('hex');
  return digest;
}

createServer((request, response) => {
  response.setHeader('X-Instance-Id', process.env.INSTANCE_ID ?? 'unknown');
  if (request.url === '/work') response.end(work());
  else if (request.url === '/healthz') response.end('ok');
  else response.writeHead(404).end('not found');
}).listen(Number(process.env.PORT), process.env.HOST);
