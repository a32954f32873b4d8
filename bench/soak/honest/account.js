/** What all honest clients have: an account of their own, and a client with an address of its own. */
export class Account {
  /**
   * @param {import('../http.js').Client} client
   * @param {string} username
   */
  constructor(client, username) {
    this.client = client;
    this.name = username;
    this.password = `honest ${username}`;
  }
}
