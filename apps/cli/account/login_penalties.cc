// hikyaku login penalties list, hikyaku login penalties lift: what failed logins cost whom now. Asked of the running auth by a file
// (apps/auth/orders.h), since only auth knows.
#include <sys/socket.h>
#include <unistd.h>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/account/login_commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/data_folders.h"
#include "services/abuse/login_folder.h"
#include "services/abuse/penalty_text.h"

namespace hikyaku::cli {

namespace {

constexpr Duration patience = 10s;
constexpr std::uint64_t most_answer_octets = 16 << 20;
using Row = abuse::LoginPenalties::Row;

// Nothing: the reason was printed.
std::optional<std::string> ask_auth(Invocation& call, const std::string& order) {
  if (!enter_data_folder(call)) return std::nullopt;
  const std::string data = call.settings()->node.data(), name = std::to_string(::getpid()) + "-" + std::to_string(SystemClock{}.wall().time_since_epoch().count());
  const auto question = apps::folder::in(data, abuse::orders_folder) + "/" + name, answer = apps::folder::in(data, abuse::answers_folder) + "/" + name;
  io::PosixDisk disk;
  if (const auto made = disk.make_folder(apps::folder::in(data, abuse::orders_folder)); !made) return call.fail(made.error().what), std::nullopt;
  if (const auto written = io::replace_file(disk, question, order); !written) return call.fail(written.error().what), std::nullopt;
  const SystemClock clock;
  for (const auto end = clock.now() + patience; disk.info(question).has_value(); ::usleep(50'000)) {
    if (clock.now() < end) continue;
    (void)disk.remove(question);
    return call.fail(Words{"auth did not answer, and it alone knows the penalties. Remedy: hikyaku status shows how it stands; they are gone when it is started again.",
                           "auth が応答しない(待ち時間を知るのは auth だけ)。対処: hikyaku status で確認する。auth を再起動すれば待ち時間はすべて消える。"}), std::nullopt;
  }
  auto said = io::read_file(disk, answer, most_answer_octets);
  (void)disk.remove(answer);
  if (!said) return call.fail(said.error().what), std::nullopt;
  return *std::move(said);
}

Words place_words(Row::Of of) {
  switch (of) {
    case Row::Of::Address: return {"address", "アドレス"};
    case Row::Of::Network: return {"network", "ネットワーク"};
    case Row::Of::Account: return {"account", "アカウント"};
    case Row::Of::AccountAtHome: return {"account, from where it logs in", "アカウント(いつものネットワーク)"};
  }
  return {"", ""};
}

std::uint64_t seconds(Duration time) { return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count()); }

Exit run_list(Invocation& call) {
  const auto said = ask_auth(call, "list\n");
  if (!said) return Exit::Failed;
  Listing listing(call, {{"WHO", "対象"}, {"KIND", "種別"}, {"FAILED", "失敗"}, {"LAST", "最後"}, {"WAITS", "残り"}, {"NEXT", "次の失敗で"}}, {"Nobody has to wait.", "待たされている相手はいない。"});
  for (const auto& row : abuse::parse_penalties(*said)) {
    listing.json().object().member("who", row.who).member("of", abuse::place_name(row.of)).member("failures", row.failures).member("ago_seconds", seconds(row.ago))
        .member("left_seconds", seconds(row.left)).member("penalty_seconds", seconds(row.penalty)).end_object();
    listing.row({row.who, std::string(call.say(place_words(row.of))), std::to_string(row.failures), age_text(row.ago), age_text(row.left), age_text(row.penalty)});
  }
  listing.print();
  return Exit::Done;
}

Exit run_lift(Invocation& call) {
  const auto whom = call.values("WHO");
  if (whom.empty() == !call.has("--all")) return call.fail(Words{"whose penalties? Remedy: name addresses, networks or accounts, or say --all.", "対象の指定がない。アドレス、ネットワーク、アカウント、または --all を指定する。"});
  const std::string by = calling_user();
  std::uint64_t lifted = 0;
  for (const auto& who : call.has("--all") ? std::vector<std::string>{"*"} : whom) {
    if (who.find('\n') != std::string::npos || who.size() > 400) return call.fail(Words{"That is neither an address nor a network nor an account.", "アドレスでもネットワークでもアカウントでもない。"});
    const auto said = ask_auth(call, "lift " + who + "\n" + by);
    if (!said) return Exit::Failed;
    lifted += std::strtoull(said->c_str(), nullptr, 10);
  }
  if (call.json) {
    telemetry::JsonWriter json;
    return call.print(json.object().member("lifted", lifted).end_object().take()), Exit::Done;
  }
  call.print(std::to_string(lifted) + std::string(call.say({" entries were forgotten", " 件の記録を消した"})));
  return lifted > 0 ? Exit::Done : Exit::Problem;
}

}  // namespace

Command login_penalties_list_command() {
  return {.name = "login penalties list",
          .help = {"who has to wait after failed logins: addresses, networks, accounts", "ログイン失敗により待たされている相手(アドレス、ネットワーク、アカウント)"},
          .options = {},
          .run = run_list};
}

Command login_penalties_lift_command() {
  return {.name = "login penalties lift",
          .help = {"forget the failed logins of an address, a network or an account", "アドレス、ネットワーク、アカウントのログイン失敗を忘れさせる"},
          .options = {{.name = "WHO", .kind = OptionKind::OptionalArgument, .help = {"192.0.2.7, 192.0.2.0/24, taro@example.jp", "192.0.2.7、192.0.2.0/24、taro@example.jp"}, .repeated = true}, {"--all", OptionKind::Flag, {"everybody's", "すべて"}}},
          .run = run_lift,
          .more = {"An address goes with the networks it lies in, a network with all that lies in it.", "アドレスを指定すればそれを含むネットワークも、ネットワークを指定すればその中のすべてが対象になる。"}};
}

}  // namespace hikyaku::cli
