import { createHash, createHmac, type BinaryLike } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";

/** An Authorization header of AWS's signature version 4, taken apart. */
export interface GivenSignature {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

interface SignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 5 * 60_000;

/** The signature that a request carries; undefined where it carries none that can be read. */
export function givenSignature(headers: IncomingHttpHeaders): GivenSignature | undefined {
  const match = AUTHORIZATION.exec(headers.authorization ?? "");
  if (!match) return undefined;
  const [, accessKeyId, region, service, signedHeaders, signature] = match as unknown as string[];
  return {
    accessKeyId: accessKeyId!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!.split(";"),
    signature: signature!,
  };
}

/**
 * Computes a request's signature again from the caller's secret key and compares.
 *
 * The path is taken as Amazon's services take it: a raw `*` or `,` counts as `%2A`, `%2C`. Who signs them raw is refused.
 *
 * @returns what is wrong with it, in Amazon's words, or undefined
 */
export async function signatureProblem(
  request: SignedRequest,
  given: GivenSignature,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string },
  now: number,
): Promise<string | undefined> {
  const signingDate = readDate(String(request.headers["x-amz-date"] ?? ""));
  if (signingDate === undefined)
    return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
  if (Math.abs(now - signingDate.getTime()) > MAX_SKEW_MS) {
    return `Signature expired: ${String(request.headers["x-amz-date"])} is not within 5 min. of now`;
  }
  if ((request.headers["x-amz-security-token"] ?? "") !== (credentials.sessionToken ?? "")) {
    return "The security token included in the request is invalid.";
  }
  const declaredHash = request.headers["x-amz-content-sha256"];
  if (declaredHash !== undefined && declaredHash !== createHash("sha256").update(request.body).digest("hex")) {
    return "The Content-SHA256 you specified did not match what we received";
  }
  const expected = await sign(request, given, credentials, signingDate);
  return expected === given.signature
    ? undefined
    : "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
}

async function sign(
  { method, url, headers, body }: SignedRequest,
  given: GivenSignature,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string },
  signingDate: Date,
): Promise<string | undefined> {
  const [path, query] = url.split("?", 2) as [string, string | undefined];
  const signer = new SignatureV4({
    credentials,
    region: given.region,
    service: given.service,
    sha256: NodeSha256,
    uriEscapePath: true,
    applyChecksum: given.signedHeaders.includes("x-amz-content-sha256"),
  });
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol: "https:",
      hostname: headers.host ?? "",
      path: path.replaceAll("*", "%2A").replaceAll(",", "%2C"),
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: Object.fromEntries(given.signedHeaders.map((name) => [name, String(headers[name] ?? "")])),
      body,
    }),
    { signingDate, signableHeaders: new Set(given.signedHeaders) },
  );
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers.authorization ?? "")?.[1];
}

function readDate(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return new Date(`${year!}-${month!}-${day!}T${hour!}:${minute!}:${second!}Z`);
}

class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as BinaryLike);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(data as BinaryLike);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }

  reset(): void {
    throw new Error("a hash is used once");
  }
}
