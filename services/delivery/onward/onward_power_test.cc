// Forwards and list copies through the spool, with the power cut or the process killed after every step of the disk:
// each copy is handed out once, and none is lost. HIKYAKU_POWER_CUT_SEEDS: from so many seeds, which differ in what of the
// unflushed a cut leaves, in where it comes and in the mail.
#include <cstdlib>
#include <map>
#include <random>

#include "services/delivery/onward/onward.h"
#include "services/directory/test_directory.h"
#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using directory::at;

namespace {

enum class End : std::uint8_t { PowerCut, Killed };

std::uint64_t seeds() {
  const char* wanted = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
}

struct PowerRig {
  directory::DirectoryRig rig;
  RoutingSettings settings{.dns_servers = {}, .srs = std::make_shared<const srs::Secrets>(srs::Secrets{"a secret of more than 16 octets"}),
                           .rewrite_senders = RoutingSettings::RewriteSenders::Yes};
  std::map<std::string, int> reached;  // "sender recipient" by how often
  TraceId original;

  PowerRig() {
    rig.domain("example.net");
    rig.add("r0@example.net");
  }

  // What delivery does with a recipient that goes on.
  bool expand(spool::Spool& spool, const spool::FreshMessage& message) {
    const auto directory = rig.snapshot();
    const auto plan = plan_recipient(*directory, settings, {message.envelope.reverse_path, message.envelope.recipients.at(0), 0, 100, &message.envelope});
    OnwardPlan onward;
    if (const auto* forwards = std::get_if<ToForwards>(&plan)) onward = *forwards;
    else onward = std::get<ToList>(plan);
    const auto text = spool.body(message.ref, 0, 200'000);
    if (!text) return false;
    auto made = make_onward({*directory, settings, 100, WallTime{std::chrono::seconds{1'800'000'000}}}, message.envelope, 0, std::move(onward), *text);
    return spool.settle(std::vector{spool::Settlement{message.ref, {{0, spool::Outcome::Expanded, {}}}, std::move(made.mails)}}).has_value();
  }

  void deliver_all(spool::Spool& spool) {
    for (auto fresh = *spool.fresh(10); !fresh.empty(); fresh = *spool.fresh(10))
      for (const auto& one : fresh) {
        if (one.ref.id == original) {
          REQUIRE(expand(spool, one));
          continue;
        }
        for (const auto& open : one.open) {
          auto sender = one.envelope.reverse_path.text();
          if (sender.starts_with("SRS0=")) sender = "SRS0";
          ++reached[sender + " " + one.envelope.recipients[open.index].address.text()];
        }
        REQUIRE(spool.settle(std::vector{spool::Rig::delivered(one)}));
      }
    REQUIRE(spool.flush());
  }
};

// Where the disk stops, how the processes end, and the simulated disk's seed.
struct Trouble {
  std::uint64_t stop;
  End end;
  std::uint64_t seed;
};

// Expands with the disk stopped after so many calls, then starts anew. True: the stop came after all was done.
bool try_once(PowerRig& power, const Trouble& trouble, const std::string& text) {
  const auto [stop, end, seed] = trouble;
  spool::Rig rig(seed);
  power.original = rig.accept(1, text);
  auto spool = rig.open();
  const auto message = spool->fresh(1)->at(0);
  rig.disk.stop_after(stop);
  const bool done = power.expand(*spool, message) && !rig.disk.stopped();
  spool.reset();
  end == End::PowerCut ? rig.cut() : rig.kill();
  spool = rig.open();
  power.deliver_all(*spool);
  spool.reset();
  rig.cut();
  spool = rig.open();
  power.deliver_all(*spool);  // nothing comes again
  return done;
}

std::string post(std::size_t octets) { return "Subject: hello\r\n\r\n" + std::string(octets, 'x') + "\r\n"; }

// Every stop from the first call of the disk to the last, by both ends; then as many by chance as there are seeds, where the
// mail is of any size up to one that has a file of its own. `attempt` tells whether the stop came after all was done.
void everywhere(const std::function<bool(const Trouble&, const std::string&)>& attempt) {
  std::uint64_t last = 0;
  for (const auto end : {End::PowerCut, End::Killed})
    for (last = 1; !attempt({last, end, last}, post(3'000)); ++last) REQUIRE(last < 10'000);
  CHECK(last > 3);
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto end = random() % 3 == 0 ? End::Killed : End::PowerCut;
    attempt({1 + random() % last, end, seed}, post(random() % (random() % 4 == 0 ? 120'000 : 5'000)));
  }
}

}  // namespace

TEST_CASE("a forward's copies exist once each, wherever the power goes or the process dies") {
  everywhere([](const Trouble& trouble, const std::string& text) {
    CAPTURE(trouble.stop);
    PowerRig power;
    power.rig.add("bob@example.net");
    REQUIRE(power.rig.editor.set_forward({"r0@example.net", {{}, directory::KeepCopy::Yes, {"z@far.example", "bob@example.net"}, {}}}));
    const bool done = try_once(power, trouble, text);
    CHECK(power.reached == std::map<std::string, int>{{"alice@example.jp r0@example.net", 1}, {"alice@example.jp bob@example.net", 1}, {"SRS0 z@far.example", 1}});
    return done;
  });
}

TEST_CASE("a list's copies exist once each, wherever the power goes or the process dies") {
  constexpr int members = 30;
  std::vector<std::string> names;
  for (int i = 0; i < members; ++i) names.push_back("u" + std::to_string(i) + "@far.example");
  everywhere([&](const Trouble& trouble, const std::string& text) {
    CAPTURE(trouble.stop);
    PowerRig power;
    REQUIRE(power.rig.editor.remove_account("r0@example.net"));
    directory::MailingList list;
    list.address = "r0@example.net", list.posting = directory::Posting::Anyone;
    REQUIRE(power.rig.editor.add_list(list));
    REQUIRE(power.rig.editor.add_members(list.address, names));
    const bool done = try_once(power, trouble, text);
    CHECK(power.reached.size() == members);
    for (const auto& name : names) CHECK(power.reached["r0-bounces@example.net " + name] == 1);
    return done;
  });
}
