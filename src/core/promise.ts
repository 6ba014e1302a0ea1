/**
 * What an `async` function makes of its body, for less: a promise that it returns is handed on, and what it throws before it
 * has one becomes a rejection.
 */
export function begin<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(act());
  } catch (error) {
    return Promise.reject(error);
  }
}
