// hikyaku route edit
#include <unistd.h>

#include <iostream>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/route/words.h"
#include "apps/cli/terminal/text_editor.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::cli {

namespace {

void tell_bad_rows(const Invocation& call, const directory::ParsedRoutes& parsed) {
  const Words line{"line ", "行 "};
  for (const auto& bad : parsed.bad) call.fail(std::string(call.say(line)) + std::to_string(bad.line) + ": " + bad.why);
}

bool wants_to_mend(const Invocation& call) {
  if (isatty(STDIN_FILENO) == 0) return false;
  std::cerr << call.say({"Nothing was changed. Edit again? [Y/n] ", "何も変更していない。編集し直すか? [Y/n] "}) << std::flush;
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && (answer.empty() || answer.front() == 'y' || answer.front() == 'Y');
}

Exit run(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto snapshot = access->editor().read();
  if (!snapshot) return call.fail(snapshot.error().what);
  const std::string former = (*snapshot)->contents().route_text;
  for (std::string text = former;;) {
    auto saved = edited(call, text, ".dat");
    if (!saved) return Exit::Failed;
    text = std::move(*saved);
    const auto parsed = directory::parse_gateway_dat(text);
    tell_bad_rows(call, parsed);
    if (!parsed.bad.empty()) {
      if (wants_to_mend(call)) continue;
      return call.fail(Words{"The text has faulty rows; nothing was changed.", "誤りのある行があるため、何も変更していない。"});
    }
    if (directory::tidy_gateway_dat(text) == former) {
      call.print(call.say({"nothing was changed", "変更なし"}));
      return Exit::Done;
    }
    const auto set = access->editor().set_route_text(text, former);
    if (!set) return call.fail(set.error().what);
    if (const auto covers = what_rows_cover(call, text); !covers.empty()) call.print(covers);
    report_done(call, {"the table is in force, for queued mail too", "経路表を反映した(キュー内のメールにも適用)"}, std::to_string(parsed.routes.size()));
    return Exit::Done;
  }
}

}  // namespace

Command route_edit_command() {
  return {.name = "route edit",
          .help = {"edit the whole route table as gateway.dat text", "経路表全体を gateway.dat としてエディタで編集する"},
          .run = run,
          .more = {"Opens $VISUAL, $EDITOR or vi. Comments and order stay. The text is checked when it is saved: with a faulty row nothing changes. What is in the queue goes by the new table at once.",
                   "$VISUAL、$EDITOR、なければ vi を開く。注釈と順序は保たれる。保存時に検査し、誤りのある行があれば何も変更しない。キュー内のメールも直ちに新しい表に従う。"}};
}

}  // namespace hikyaku::cli
