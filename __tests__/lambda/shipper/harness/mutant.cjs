// A Jest transformer that puts another text in the place of one of the shipper's rules before the file is compiled.
const swc = require("@swc/jest");

module.exports = {
  createTransformer({ file, from, to, compiler }) {
    const compile = swc.createTransformer(compiler);
    return {
      ...compile,
      process: (source, path, options) =>
        compile.process(path.endsWith(file) ? source.replace(from, () => to) : source, path, options),
      getCacheKey: (source, path, options) =>
        `${path.endsWith(file) ? `${from} ${to}` : ""} ${compile.getCacheKey(source, path, options)}`,
    };
  },
};
