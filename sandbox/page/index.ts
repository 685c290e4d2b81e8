export { type DashboardProps, type Page, type PageProps, renderPage } from "./page";
export type { AnsweredPanel } from "./panel";
export { type PictureProps, renderPicture } from "./picture";
