// hikyaku route import
#include "apps/cli/access/table_import.h"
#include "apps/cli/commands.h"
#include "apps/cli/route/words.h"
#include "base/cursor.h"
#include "services/directory/routes.h"

namespace hikyaku::cli {

namespace {

std::vector<directory::KeyedRow> keyed(const std::vector<directory::Route>& routes) {
  std::vector<directory::KeyedRow> rows;
  rows.reserve(routes.size());
  for (const auto& route : routes) rows.push_back({ascii_lower(route.pattern + '|' + route.sender), directory::print_route(route)});
  return rows;
}

// The rows that were compared are those that are replaced: who changes the table meanwhile is told so.
directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_gateway_dat(text);
  if (!parsed.bad.empty()) return refuse_table(call, std::move(parsed.bad));
  TRY(snapshot, editor.read());
  const auto& now = snapshot->contents();
  const auto changes = directory::row_changes(keyed(now.routes), keyed(parsed.routes));
  const bool replaces = may_replace(call, changes);
  if (replaces) TRY_VOID(editor.set_route_text(text, now.route_text));
  if (const auto covers = what_rows_cover(call, text); !call.json && !covers.empty()) call.print(covers);
  const auto end = report_table(call, changes, {});
  if (!call.json && changes.any())
    call.print(call.say(replaces ? Words{"Mail that waits follows the new table at once.", "配送待ちのメールも直ちに新しい表に従う。"}
                                 : Words{"With this table mail that waits would follow it at once.", "この表にすると、配送待ちのメールも直ちにそれに従うことになる。"}));
  return end;
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command route_import_command() {
  return {.name = "route import",
          .help = {"replace the route table by a gateway.dat, and say what each row covers", "経路表を gateway.dat の内容で置き換え、各行の対象を示す"},
          .options = table_import_options(),
          .run = run,
          .more = {"The text becomes the whole table. Of a text with a faulty row nothing is taken; a row that it does not have goes only with --yes. Look first with --dry-run: mail that waits follows the new table at once.",
                   "ファイルの内容が表の全体になる。誤りのある行があれば何も取り込まない。ファイルにない行は --yes を付けたときだけ削除する。配送待ちのメールも直ちに新しい表に従うので、まず --dry-run で確かめる。"}};
}

}  // namespace hikyaku::cli
