// Signing in with an account: the routes that the chat uses too. The session is a cookie that no script can read.
import { ApiError, send } from './api';
import { type Person } from './session';

async function asked<T>(path: string, method: string, body?: unknown): Promise<T | undefined> {
  const response = await send(`accounts/v1/${path}`, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : (JSON.parse(text) as T);
  let message = text.trim() || `status ${response.status}`;
  try {
    message = (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    // What stands between browser and server has answered.
  }
  throw new ApiError(path, response.status, message);
}

/** Who has signed in in this browser; undefined: nobody. */
export async function whoAmI(): Promise<Person | undefined> {
  try {
    return (await asked<{ user: Person }>('me', 'GET'))?.user;
  } catch (error) {
    if (error instanceof ApiError && error.code === 401) return undefined;
    throw error;
  }
}

export async function logIn(username: string, password: string): Promise<Person> {
  const answer = await asked<{ user: Person }>('login', 'POST', { username, password });
  if (!answer) throw new ApiError('login', 0, 'the server has not said who this is');
  return answer.user;
}

export async function logOut(): Promise<void> {
  await asked('logout', 'POST');
}
