// hikyaku policy check: rows and networks that do more than was meant.
#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/terminal/listing.h"
#include "services/policy/danger.h"

namespace hikyaku::cli {

namespace {

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor) {
  const auto settings = call.settings();
  if (!settings) return directory::refuse(directory::DirectoryFailure::BadValue, "The settings cannot be read.");
  TRY(snapshot, editor.read());
  const auto dangers = policy::find_dangers({.directory = snapshot->contents(), .relay_networks = settings->smtp.relay_networks(), .exempt_networks = settings->policy.exempt_networks(),
                                             .plaintext_networks = settings->auth.plaintext_login_networks()});
  Listing listing(call, {{"ROW", "行"}, {"WHY", "理由"}}, {"No row does more than it should.", "危険な行はない。"});
  for (const auto& danger : dangers) {
    listing.json().object().member("row", danger.what).member("why", danger.why).end_object();
    listing.row({danger.what, std::string(call.say({danger.why, danger.why_ja}))});
  }
  listing.print();
  return dangers.empty() ? Exit::Done : Exit::Problem;
}

Exit run(Invocation& call) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto done = work(call, access->editor());
  return done ? *done : call.fail(done.error().what);
}

}  // namespace

Command policy_check_command() {
  return {.name = "policy check",
          .help = {"rows and networks that let in, or keep out, more than was meant", "意図より多くを許す、または拒む行やネットワークを示す"},
          .run = run,
          .more = {"Exit status 3: there are some.", "終了ステータス 3: 該当あり。"}};
}

}  // namespace hikyaku::cli
