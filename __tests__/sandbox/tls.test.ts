import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, request, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates, type Certificates } from "../../sandbox/certificates";
import { TrustingClient } from "../../sandbox/tls";

let folder: string;
let certificates: Certificates;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "certificates-"));
  certificates = makeCertificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("certificates", () => {
  test("are signed by an authority of the sandbox's own, for this machine only", () => {
    const [authority, server] = [read(certificates.caFile), read(certificates.certFile)];
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(authority.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(server.checkHost("example.com")).toBeUndefined();
  });

  test("are over in a day", () => {
    for (const file of [certificates.caFile, certificates.certFile]) {
      const { validFrom, validTo } = read(file);
      expect(Date.parse(validFrom)).toBeLessThan(Date.now());
      expect(Date.parse(validTo) - Date.now()).toBeLessThanOrEqual(86_400_000);
    }
  });

  test("are for their owner's eyes, and another time others", () => {
    for (const file of Object.values(certificates) as string[]) expect(statSync(file).mode & 0o077).toBe(0);
    const other = mkdtempSync(join(tmpdir(), "certificates-"));
    try {
      const again = makeCertificates(other);
      expect(read(again.certFile).verify(read(certificates.caFile).publicKey)).toBe(false);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});

describe("a client that trusts the sandbox's authority", () => {
  let server: Server;
  let url: string;
  let client: TrustingClient;
  beforeAll(async () => {
    const { certFile, keyFile, caFile } = certificates;
    server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (incoming, outgoing) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        const { method, url: path, headers, socket } = incoming;
        outgoing.writeHead(207, { "x-answer": "yes" });
        outgoing.end(
          JSON.stringify({ method, path, body, from: socket.remoteAddress, length: headers["content-length"] }),
        );
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new TrustingClient(caFile);
  });
  afterAll(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  test("gets status, headers and text", async () => {
    const reply = await client.fetch(`${url}/a?b=c`, { method: "PUT", body: "é" });
    expect(reply).toMatchObject({ status: 207, headers: { "x-answer": "yes" } });
    expect(JSON.parse(reply.text)).toEqual({
      method: "PUT",
      path: "/a?b=c",
      body: "é",
      from: "127.0.0.1",
      length: "2",
    });
  });

  test("is needed: whoever trusts the system's authorities only is told so", async () => {
    const outgoing = request(url);
    outgoing.end();
    const [error] = (await once(outgoing, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT/);
  });

  test("fails where nobody listens", async () => {
    await expect(client.fetch("https://127.0.0.1:9/")).rejects.toThrow("ECONNREFUSED");
  });
});

function read(file: string): X509Certificate {
  return new X509Certificate(readFileSync(file));
}
