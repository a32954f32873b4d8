import { join } from 'node:path';

/** What starts the daemon with the session of its user. */
export interface Unit {
  readonly file: string;
  readonly text: string;
  /** Command lines that start it, and that end it. */
  readonly start: readonly string[];
  readonly stop: readonly string[];
}

const LABEL = 'keybin.dotsync';
const SERVICE = 'keybin-dotsync.service';

/** A unit of systemd for this user; `command` is the program with its arguments. */
export function systemdUnit(home: string, configHome: string | undefined, command: readonly string[]): Unit {
  const folder = configHome?.startsWith('/') ? configHome : join(home, '.config');
  return {
    file: join(folder, 'systemd/user', SERVICE),
    text: `[Unit]
Description=Keeps configuration files equal on several machines (keybin dotsync)

[Service]
ExecStart=${command.map(quoted).join(' ')}
Restart=on-failure
RestartSec=30
# Not signed in, or not set up: nothing helps but its user.
RestartPreventExitStatus=2 4

[Install]
WantedBy=default.target
`,
    start: ['systemctl --user daemon-reload', `systemctl --user enable --now ${SERVICE}`],
    stop: [`systemctl --user disable --now ${SERVICE}`],
  };
}

/** An agent of launchd for this user. */
export function launchdAgent(home: string, command: readonly string[]): Unit {
  const file = join(home, 'Library/LaunchAgents', `${LABEL}.plist`);
  const log = escaped(join(home, '.dotsync/log'));
  return {
    file,
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${command.map(part => `    <string>${escaped(part)}</string>\n`).join('')}  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>30</integer>
  <key>StandardOutPath</key><string>${log}</string>
  <key>StandardErrorPath</key><string>${log}</string>
</dict>
</plist>
`,
    start: [`launchctl bootstrap gui/$(id -u) '${file}'`],
    stop: [`launchctl bootout gui/$(id -u)/${LABEL}`],
  };
}

/** An argument as systemd.service(5) reads it. */
function quoted(argument: string): string {
  return `"${argument.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
