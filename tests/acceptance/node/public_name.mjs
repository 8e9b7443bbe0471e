// Gives the gateway of this machine a public name, as a DNS entry and a port forwarding would.
// The AI SDK downloads from public addresses alone, and looks at what a name resolves to:
// nothing of that is changed.
import dns from "node:dns";
import net from "node:net";

const PUBLIC = { address: "192.0.2.80", family: 4 };
const HERE = { address: "127.0.0.1", family: 4 };

/** From now on `name` resolves to a public address, and what is sent to that address arrives on this machine. */
export function publish(name) {
  const lookup = dns.lookup;
  dns.lookup = (hostname, options, callback) =>
    hostname === name ? answer(PUBLIC, options, callback) : lookup(hostname, options, callback);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const options = Array.isArray(given[0]) ? given[0][0] : given[0];
    if (options?.host === name) options.lookup = forwarded(options.lookup ?? dns.lookup);
    return connect.apply(this, given);
  };
}

/** The client's own look-up, with all that it checks; then the way that the network takes. */
function forwarded(lookup) {
  return (hostname, options, callback) =>
    lookup(hostname, options, (error) => (error ? callback(error) : answer(HERE, options, callback)));
}

function answer(found, options, callback) {
  if (options.all) callback(null, [found]);
  else callback(null, found.address, found.family);
}
