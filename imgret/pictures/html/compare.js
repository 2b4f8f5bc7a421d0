import {linked} from "./maps.js";

const maps = document.querySelector(".maps");
if (maps) linked(maps, document.getElementById("named"));
