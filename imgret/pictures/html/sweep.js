import {sortable} from "./table.js";

sortable(document.querySelector("table"));
