// hikyaku policy rates: who has used how much of the rates, as reception tells when it is asked.
#include <unistd.h>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/listing.h"
#include "apps/service/data_folders.h"
#include "base/cursor.h"
#include "services/policy/rate.h"

namespace hikyaku::cli {

namespace {

struct Row {
  std::string rate, who;
  std::uint64_t used = 0, again_in = 0;
};

// "RATE TAB USED TAB AGAIN_IN TAB WHO"
std::optional<Row> row_of(std::string_view line) {
  Cursor in(line);
  Row row;
  const auto field = [&] {
    const auto text = in.take_while([](char c) { return c != '\t'; });
    in.take('\t');
    return text;
  };
  row.rate = field();
  Cursor used(field()), again(field());
  const auto first = parse_number(used, UINT32_MAX), second = parse_number(again, UINT32_MAX);
  row.who = in.rest();
  if (!first || !second || row.who.empty() || !policy::parse_rate(row.rate)) return std::nullopt;
  row.used = *first, row.again_in = *second;
  return row;
}

// Waits until reception has told. Nothing: it does not.
std::optional<std::string> ask_receive(const std::string& path) {
  constexpr Duration patience = 5s;
  io::PosixDisk disk;
  const SystemClock clock;
  const auto asked = clock.wall().time_since_epoch().count();
  if (!io::replace_file(disk, path + ".ask", "")) return std::nullopt;
  for (const auto end = clock.now() + patience; clock.now() < end; ::usleep(50'000)) {
    auto text = io::read_file(disk, path, 1 << 20);
    if (!text) continue;
    Cursor in(*text);
    const auto told = parse_number(in, INT64_MAX);
    if (told && static_cast<std::int64_t>(*told) >= asked && in.take('\n')) return std::string(in.rest());
  }
  (void)disk.remove(path + ".ask");
  return std::nullopt;
}

Exit run(Invocation& call) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const auto text = ask_receive(apps::folder::in(call.settings()->node.data(), apps::folder::policy) + "/rates");
  if (!text) return call.fail(Words{"receive does not answer. Remedy: hikyaku status shows how it stands.", "receive が応答しない。対処: hikyaku status で状態を確かめる。"});
  Listing listing(call, {{"RATE", "頻度"}, {"WHO", "対象"}, {"USED", "使用"}, {"WAITS", "待ち"}}, {"Nobody has used any of [policy] rates.", "[policy] rates を使った相手はいない。"});
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    if (const auto row = row_of(rest.substr(0, end))) {
      const auto rate = *policy::parse_rate(row->rate);
      listing.json().object().member("rate", row->rate).member("who", row->who).member("used", row->used).member("burst", rate.burst).member("again_in_seconds", row->again_in).end_object();
      listing.row({row->rate, row->who, std::to_string(row->used) + "/" + std::to_string(rate.burst), row->again_in == 0 ? "" : age_text(std::chrono::seconds{row->again_in})});
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  listing.print();
  return Exit::Done;
}

}  // namespace

Command policy_rates_command() {
  return {.name = "policy rates",
          .help = {"who has used how much of the rates of [policy]", "[policy] rates の使用状況"},
          .options = {},
          .run = run,
          .more = {"The fullest first, at most 1,000. It is of the moment: what is used comes back in time.", "使用の多い順に最大 1,000 件。その時点の値で、時間とともに戻る。"}};
}

}  // namespace hikyaku::cli
