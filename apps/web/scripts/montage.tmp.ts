import { chromium } from '@playwright/test';
import { launchOptions } from '../e2e/support/chromium.ts';
const [out, cols, width, ...files] = process.argv.slice(2);
const b = await chromium.launch(launchOptions);
const p = await b.newPage({ viewport: { width: Number(cols) * Number(width) + 20, height: 400 } });
const fs = await import('node:fs');
await p.setContent(
  `<body style="margin:4px;background:#888;display:grid;grid-template-columns:repeat(${cols},1fr);gap:6px">${files.map((f) => `<img style="width:100%" src="data:image/png;base64,${fs.readFileSync(f).toString('base64')}">`).join('')}</body>`,
);
await p.screenshot({ path: out, fullPage: true });
await b.close();
