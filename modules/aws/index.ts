export { alarm, type AlarmProps, type AlarmTarget } from "./alarms";
export { arns, partitionOf, type Place } from "./arn";
export { bundle, RUNTIME, type Bundle } from "./bundle";
export { lambdaAsset, type LambdaAsset } from "./lambda-asset";
export { NodeFunction, nodeFunctionPolicy, type NodeFunctionProps } from "./node-function";
export { policyJson, serviceTrust, terraformText, type Statement } from "./policy";
export { accountAlias, accountProvider, managementProvider } from "./providers";
export { readSecretStatements, type SecretProps } from "./secret";
