// hikyaku domain list
#include "apps/cli/access/directory_text.h"
#include "apps/cli/access/directory_views.h"
#include "apps/cli/commands.h"
#include "services/directory/relay_recipients.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<> add_rows(Listing& to, const directory::Snapshot& directory) {
  for (const auto& domain : directory.contents().domains) {
    const auto check = directory::recipient_check_name(domain.recipients);
    const bool elsewhere = domain.kind != directory::DomainKind::Local;
    auto& json = to.json().object().member("name", domain.name).member("kind", domain_kind_name(domain.kind));
    if (elsewhere) json.member("recipients", check);
    json.end_object();
    to.row({domain.name, std::string(domain_kind_name(domain.kind)), elsewhere ? std::string(check) : ""});
  }
  return {};
}

Exit run(Invocation& call) {
  return list_directory(call, {{"DOMAIN", "ドメイン"}, {"KIND", "種別"}, {"RECIPIENTS", "宛先の確認"}},
                        {"There is no domain yet. Add one: hikyaku domain add example.jp", "ドメインはまだない。追加するには: hikyaku domain add example.jp"}, add_rows);
}

}  // namespace

Command domain_list_command() {
  return {.name = "domain list",
          .help = {"all domains", "全ドメインを表示する"},
          .run = run};
}

}  // namespace hikyaku::cli
