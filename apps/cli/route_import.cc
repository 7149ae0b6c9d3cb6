// hikyaku route import
#include "apps/cli/commands.h"
#include "apps/cli/directory_import.h"
#include "apps/cli/route_words.h"

namespace hikyaku::cli {

namespace {

// What can be taken of the text, with its comments.
std::string good_part(const std::string& text, const directory::ParsedRoutes& parsed) {
  std::vector<std::size_t> bad;
  for (const auto& row : parsed.bad) bad.push_back(row.line);
  return directory::without_lines(text, bad);
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  auto parsed = directory::parse_gateway_dat(text);
  const auto good = good_part(text, parsed);
  if (!call.has("--dry-run")) TRY_VOID(editor.set_route_text(good));
  if (const auto covers = what_rows_cover(call, good); !call.json && !covers.empty()) call.print(covers);
  return report_import(call, parsed.routes.size(), std::move(parsed.bad));
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command route_import_command() {
  return {.name = "route import",
          .help = {"replace the route table by a gateway.dat, and say what each row covers", "経路表を gateway.dat の内容で置き換え、各行の対象を示す"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
