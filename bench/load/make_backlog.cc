// Fills a data folder's spool with deferred recipients, through the Spool itself: each message is appended to incoming as
// reception does, taken up, and deferred. Every sender, recipient, ENVID, ORCPT and reply is different.
//
//   make_backlog --spool FOLDER [--messages N] [--destinations N] [--octets N] [--due SECONDS] [--spread SECONDS] [--left-in-incoming N]
//                [--key DESTINATION | --ports P,Q,...]
//
// Next tries are spread evenly over --spread (an hour for each day of --due when not given) from --due on. --ports: destination
// d is the host 127.(1+d/62500).(d/250%250).(d%250+1) at the port d mod their number, as bench/storm's route table says.
//
// Prints one JSON object: messages, body_octets, seconds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "io/posix_disk.h"
#include "services/spool/digest_keeper.h"
#include "services/spool/message_record.h"
#include "services/spool/spool.h"
#include "storage/file_journal.h"

using namespace hikyaku;

namespace {

struct Plan {
  std::string spool, key;  // key: the lane of all of them, instead of each domain's own
  std::vector<std::string> ports;
  std::uint64_t messages = 100'000, destinations = 5'000, octets = 200, due = 86'400, spread = 0, left_in_incoming = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "make_backlog: %s\n", what.c_str());
  std::exit(1);
}
template <class T, class E>
T sure(Result<T, E> result) {
  if (!result) fail(result.error().what);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == ',') parts.emplace_back();
    else parts.back() += c;
  return parts;
}

Plan plan_of(int argc, char** argv) {
  Plan plan;
  std::map<std::string, std::uint64_t*> numbers = {{"--messages", &plan.messages}, {"--destinations", &plan.destinations},
      {"--octets", &plan.octets}, {"--due", &plan.due}, {"--spread", &plan.spread}, {"--left-in-incoming", &plan.left_in_incoming}};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--spool") plan.spool = argv[i + 1];
    else if (std::string(argv[i]) == "--key") plan.key = argv[i + 1];
    else if (std::string(argv[i]) == "--ports") plan.ports = parts_of(argv[i + 1]);
    else if (const auto at = numbers.find(argv[i]); at != numbers.end()) *at->second = std::strtoull(argv[i + 1], nullptr, 10);
    else fail(std::string("no option ") + argv[i]);
  }
  if (plan.spool.empty()) fail("--spool FOLDER is missing");
  if (plan.spread == 0) plan.spread = std::max<std::uint64_t>(1, plan.due / 24);
  return plan;
}

// A number spread over all 64 bits, so that nothing sorts or repeats by chance (splitmix64).
std::uint64_t spread(std::uint64_t n) {
  n += 0x9E3779B97F4A7C15;
  n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9;
  n = (n ^ (n >> 27)) * 0x94D049BB133111EB;
  return n ^ (n >> 31);
}
std::string word(std::uint64_t n, int letters) {
  std::string text;
  for (n = spread(n); letters > 0; --letters, n /= 26) text += static_cast<char>('a' + n % 26);
  return text;
}

class Maker {
 public:
  explicit Maker(Plan plan) : plan_(std::move(plan)), now_(SystemClock{}.wall()) {}

  void run() {
    options_.spare_segments = 1;
    options_.reserve_octets = 0;
    // Bounded rounds, so that incoming's segments are used again as they are in life.
    for (std::uint64_t done = 0; done < plan_.messages; done += round) defer_round(std::min(round, plan_.messages - done));
    if (plan_.left_in_incoming > 0) append(plan_.left_in_incoming);
    spool_.reset();
  }

 private:
  static constexpr std::uint64_t round = 50'000, group = 1'000;

  Envelope envelope(std::uint64_t owner) {
    const auto n = ++sequence_;
    Envelope mail;
    mail.id = {1, 1, static_cast<std::uint32_t>(owner), n};
    mail.reverse_path.address = {word(n, 6) + std::to_string(n), "sender-" + word(n % 1'000, 5) + ".example"};
    const Address to{word(n * 3, 5) + std::to_string(n), domain(n)};
    mail.recipients = {{to, "rfc822;" + to.text(), {.failure = true, .delay = true}}};
    mail.envelope_id = word(n * 7, 8) + "-" + std::to_string(n) + "@msa.example";
    mail.return_content = ReturnContent::Headers;
    mail.accepted_at = now_ - std::chrono::hours{48} + std::chrono::milliseconds{n};
    mail.client_address = "192.0.2." + std::to_string(n % 250);
    mail.client_helo = "mail" + std::to_string(n % 40) + ".sender.example";
    mail.body_octets = plan_.octets;
    return mail;
  }
  [[nodiscard]] std::string key(std::uint64_t n) const {
    if (!plan_.key.empty()) return plan_.key;
    if (plan_.ports.empty()) return "mx:" + domain(n);
    const auto d = n % plan_.destinations;
    return "host:127." + std::to_string(1 + d / 62'500) + '.' + std::to_string(d / 250 % 250) + '.' + std::to_string(d % 250 + 1) + ':' +
           plan_.ports[d % plan_.ports.size()];
  }
  [[nodiscard]] std::string domain(std::uint64_t n) const { return "dest" + std::to_string(n % plan_.destinations) + ".example"; }

  void append(std::uint64_t count) {
    auto journal = sure(storage::open_file_journal(disk_, plan_.spool + "/incoming-1", options_));
    spool::DigestKeeper digests(disk_, plan_.spool + "/incoming-1");
    digests.start();
    const std::string text(plan_.octets, 'x');
    while (count > 0) {
      const auto many = std::min(count, group);
      std::vector<std::string> heads;
      std::vector<spool::DigestEntry> entries;
      for (std::uint64_t i = 0; i < many; ++i) {
        const auto mail = envelope(journal->fencing_token());
        entries.push_back(spool::digest_entry(mail));
        heads.push_back(encode(spool::MessageHead{spool::TextPlace::InRecord, mail}));
      }
      std::vector<storage::Record> records;
      for (const auto& head : heads) records.push_back({head, {text}});
      const auto at = sure(journal->append(records));
      for (std::uint64_t i = 0; i < many; ++i) digests.add(at[i], journal->segment_seed(), entries[i]);
      for (const auto segment : sure(journal->tend_pool())) digests.forget(segment);
      count -= many;
    }
    digests.finish();
    sure(journal->close());
    while (digests.tend()) {}
  }

  spool::Schedule schedule(const Envelope& mail) const {
    const auto n = mail.id.sequence;
    spool::Schedule out;
    out.destination = key(n);
    out.failure_class = n % 2 == 0 ? 1 : 2;
    out.attempts = 1 + n % 20;
    out.first_failed = mail.accepted_at + std::chrono::seconds{n % 3};
    out.last_tried = now_ - std::chrono::minutes{n % 60};
    out.next_due = now_ + std::chrono::seconds{plan_.due} + std::chrono::microseconds{spread(n) % (plan_.spread * 1'000'000)};
    out.last_reply = "451 4.7.1 <" + mail.recipients[0].address.text() + "> try again, ticket " + word(n * 11, 12);
    out.last_reply.resize(80, '.');
    return out;
  }

  void defer_round(std::uint64_t count) {
    append(count);
    if (!spool_) {
      spool::SpoolOptions options;
      options.folder = plan_.spool;
      options.reserve_octets = 0;
      spool_ = sure(spool::Spool::open(disk_, options));
    }
    for (;;) {
      const auto fresh = sure(spool_->fresh(group));
      if (fresh.empty()) break;
      std::vector<spool::Deferral> deferrals;
      for (const auto& one : fresh) deferrals.push_back({one.ref, {schedule(one.envelope)}, {}});
      sure(spool_->defer(deferrals));
    }
    sure(spool_->tend());
  }

  Plan plan_;
  WallTime now_;
  io::PosixDisk disk_;
  storage::FileJournalOptions options_;
  std::unique_ptr<spool::Spool> spool_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto plan = plan_of(argc, argv);
  const auto began = std::chrono::steady_clock::now();
  Maker(plan).run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("{\"messages\": %llu, \"body_octets\": %llu, \"seconds\": %.1f}\n", static_cast<unsigned long long>(plan.messages),
              static_cast<unsigned long long>(plan.messages * plan.octets), took.count());
}
