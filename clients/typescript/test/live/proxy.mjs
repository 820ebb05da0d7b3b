// A network between a client and a server that can be cut: what goes through is broken off, and nobody gets in.

import { connect, createServer } from 'node:net';

/** Starts it in front of an address such as `127.0.0.1:80`. */
export async function start(target) {
  const [host, port] = target.split(':');
  const sockets = new Set();
  let isCut = false;
  const server = createServer((inner) => {
    if (isCut) {
      return inner.destroy();
    }
    const outer = connect(Number(port), host);
    for (const [socket, other] of [[inner, outer], [outer, inner]]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const breakOff = () => sockets.forEach((socket) => socket.destroy());
  return {
    address: `127.0.0.1:${server.address().port}`,
    /** Breaks off what is open; what comes next gets through. */
    breakOff,
    cut: () => {
      isCut = true;
      breakOff();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      breakOff();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
