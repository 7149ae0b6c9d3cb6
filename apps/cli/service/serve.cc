// hikyaku serve
#include "apps/supervisor/parent.h"

#include "apps/cli/commands.h"
#include "apps/cli/language/server_sentences.h"

namespace hikyaku::cli {

namespace {
Exit run(Invocation& call) {
  const std::string language = call.language == Language::Japanese ? "ja" : "";
  return static_cast<Exit>(apps::serve({.settings_path = call.settings_path, .binary = call.program, .wording = wording_of(language), .language = language}));
}
}  // namespace

Command serve_command() {
  return {.name = "serve",
          .help = {"run the server: the supervisor and every configured service", "サーバを動かす(監督プロセスと設定済みの全サービス)"},
          .run = run,
          .more = {"SIGTERM or Ctrl-C stops everything cleanly; SIGHUP reads the settings again.",
                   "SIGTERM または Ctrl-C で全体を正しく停止し、SIGHUP で設定を読み直す。"}};
}

}  // namespace hikyaku::cli
