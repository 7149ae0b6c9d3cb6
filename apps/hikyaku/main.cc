// The one binary. People use its command line; the supervisor starts it anew for each process of the server.
#include <string_view>

#include "apps/cli/command.h"
#include "apps/cli/language/server_sentences.h"
#include "apps/hikyaku/processes.h"
#include "apps/supervisor/control_process.h"

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "control-process") return hikyaku::apps::run_control_process(argc > 2 ? hikyaku::cli::wording_of(argv[2]) : nullptr);
  if (first == "service-process" && argc == 3) return hikyaku::apps::run_service_process(argv[2], hikyaku::apps::process_functions());
  return hikyaku::cli::run_command_line(argc, argv);
}
