import { bundle } from "../../../modules/aws";

/** Prints the hash of a function's package, for bundle.synth.test.ts. */
process.stdout.write(bundle(process.argv[2]!).hash);
