// hikyaku route import
#include "apps/cli/commands.h"
#include "apps/cli/data_access.h"
#include "apps/cli/route_words.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::cli {

namespace {

// What can be taken of the text, with its comments.
std::string good_part(const std::string& text, const directory::ParsedRoutes& parsed) {
  std::vector<std::size_t> bad;
  for (const auto& row : parsed.bad) bad.push_back(row.line);
  return directory::without_lines(text, bad);
}

Exit run(Invocation& call) {
  const auto text = read_input(call, call.value("FILE"));
  if (!text) return Exit::Failed;
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  auto parsed = directory::parse_gateway_dat(*text);
  const auto good = good_part(*text, parsed);
  std::vector<RefusedRow> refused;
  for (auto& bad : parsed.bad) refused.push_back({bad.line, std::move(bad.why)});
  if (!call.has("--dry-run"))
    if (const auto set = access->editor().set_route_text(good); !set) return call.fail(set.error().what);
  if (const auto covers = what_rows_cover(call, good); !call.json && !covers.empty()) call.print(covers);
  return report_import(call, parsed.routes.size(), std::move(refused));
}

}  // namespace

Command route_import_command() {
  return {.name = "route import",
          .help = {"replace the route table by a gateway.dat, and say what each row covers", "経路表を gateway.dat の内容で置き換え、各行の対象を示す"},
          .options = {{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}},
                      {"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}}},
          .run = run};
}

}  // namespace hikyaku::cli
