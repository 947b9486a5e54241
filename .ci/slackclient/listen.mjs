// Connects Slack's own client to the local Slack and acknowledges one slash command with a text.
import { SocketModeClient } from '@slack/socket-mode';

const client = new SocketModeClient({ appToken: process.env.SLACK_APP_TOKEN, clientOptions: { slackApiUrl: process.env.SLACK_API_URL } });
client.on('slash_commands', async ({ ack, body }) => {
  await ack({ text: `the official client got ${body.text}` });
  console.log('acknowledged');
  await client.disconnect();
  process.exit(0);
});
await client.start();
console.log('connected');
setTimeout(() => process.exit(1), 20000);
