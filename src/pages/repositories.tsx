// The list of all repositories: searched, sorted, by page.
import type { RepositoryPage, RepositorySort } from "../images/repositories.ts";
import { at } from "./addresses.ts";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { type ListState, Pager, Search, SortHead } from "./lists.tsx";
import { render } from "./render.ts";
import { CountedAt, RepositoryTable } from "./repositoryTable.tsx";

/** What the page shows. */
export interface RepositoriesView {
  readonly list: ListState<RepositorySort>;
  readonly page: RepositoryPage;
}

/** The document. */
export function repositoriesPage(frame: Frame, { list, page }: RepositoriesView): string {
  const head = { list, turn: at.repositories };
  return render(
    <Layout frame={frame} title="Repositories" section="repositories" search={list.search}>
      <h1>Repositories</h1>
      <Search list={list} action={at.repositories()} label="Search these repositories" />
      <p class="muted small">
        {list.search === null ? "" : `“${list.search}”: `}
        {page.total === 1 ? "1 repository" : `${page.total.toLocaleString("en")} repositories`}
      </p>
      {page.rows.length === 0 ? (
        <p class="empty">
          {list.search === null
            ? "There are no repositories yet."
            : "No repository has such a name."}
        </p>
      ) : (
        <RepositoryTable
          rows={page.rows}
          now={frame.now}
          head={
            <>
              <SortHead {...head} by="name">
                Name
              </SortHead>
              <SortHead {...head} by="tags" isNumber>
                Tags
              </SortHead>
              <SortHead {...head} by="size" isNumber>
                Size
              </SortHead>
              <th scope="col" class="number wide">
                Only here
              </th>
              <SortHead {...head} by="pushed">
                Last push
              </SortHead>
              <SortHead {...head} by="pulled" isWide>
                Last pull
              </SortHead>
            </>
          }
        />
      )}
      <CountedAt at={page.countedAt} now={frame.now} />
      <Pager list={list} turn={at.repositories} />
    </Layout>,
  );
}
