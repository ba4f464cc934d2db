// The page as the server draws it now, for scripts that take a part of it.

/** null: it is another page by now, or nobody answers, because this one is being left or the server is away for a moment. */
export async function pageNow(): Promise<Document | null> {
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}
