// The openai SDK's client for Node: of Azure where its variables name an endpoint there.

import OpenAI, { AzureOpenAI } from "openai";
import { OPTIONS } from "./llm.mjs";

export const client =
  "AZURE_OPENAI_ENDPOINT" in process.env
    ? new AzureOpenAI({ apiVersion: "2025-04-01-preview", ...OPTIONS })
    : new OpenAI(OPTIONS);
