export { closedDoors } from "./closed-doors";
export { doctorProblems, runDoctor, type DoctorRun } from "./doctor";
export { deadLetterDrill } from "./drill";
export { idOf, ledger, type AccountLedger } from "./ledger";
export { operatorReads } from "./operator";
export { askPanels, type AnsweredDashboard, type Answers } from "./panels";
