import { fieldsPage } from "./page";

process.stdout.write(fieldsPage());
