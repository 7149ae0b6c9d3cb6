// Whatever a filter sends, to whatever it is told: nothing breaks, what is kept stays bounded, and how the stream is cut changes nothing. The first octet
// says which actions are allowed, the rest is the filter's, given whenever we wait for it.
#include <cstdint>

#include "base/check.h"
#include "protocol/milter/client.h"

namespace {

using namespace hikyaku;
using milter::Client;

struct Outcome {
  std::string said, why, body, replies;
  std::size_t headers = 0, recipients = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// A filter whose octets all come at once, or one by one.
class Filter {
 public:
  Filter(Client& client, std::string_view octets, std::size_t piece, Outcome& outcome) : client_(client), octets_(octets), piece_(piece), outcome_(outcome) {}
  // False: nothing more can be asked.
  bool hear() {
    outcome_.said += client_.take_output();
    while (client_.state() == Client::State::Waiting && !octets_.empty()) {
      client_.receive(octets_.substr(0, piece_));
      octets_.remove_prefix(std::min(piece_, octets_.size()));
      outcome_.body += client_.take_body();
    }
    const bool ready = client_.state() == Client::State::Ready;
    if (ready) outcome_.replies += client_.answer().reply.line();
    return ready;
  }

 private:
  Client& client_;
  std::string_view octets_;
  const std::size_t piece_;
  Outcome& outcome_;
};

Outcome play(std::uint32_t allowed, std::string_view octets, std::size_t piece) {
  Client client(allowed, 4'096);
  Outcome outcome;
  Filter filter(client, octets, piece, outcome);
  const milter::Macros macros{{"i", "B1"}, {"{auth_authen}", "taro"}};
  const auto run = [&] {
    client.negotiate();
    if (!filter.hear()) return;
    client.connect({"mail.a.example", "192.0.2.7", 25}, macros);
    if (!filter.hear()) return;
    client.hello("mail.a.example", macros);
    if (!filter.hear()) return;
    client.mail({"<a@a.example>", "SIZE=7"}, macros);
    if (!filter.hear()) return;
    client.recipient({"<b@b.example>"}, macros);
    if (!filter.hear()) return;
    client.data(macros);
    if (!filter.hear()) return;
    client.header("Subject", " hello\n\tthere");
    if (!filter.hear()) return;
    client.end_of_header(macros);
    if (!filter.hear()) return;
    client.body("How are you?\r\n");
    if (!filter.hear()) return;
    client.end_of_body(macros);
    if (!filter.hear()) return;
    client.quit();
    outcome.said += client.take_output();
  };
  run();
  outcome.why = client.why();
  outcome.headers = client.changes().headers.size();
  outcome.recipients = client.changes().added_recipients.size() + client.changes().deleted_recipients.size();
  check(outcome.headers + outcome.recipients <= Client::most_changes, "changes are bounded");
  check(outcome.body.size() <= 4'096 + milter::most_packet_octets, "so is the body");
  check((client.state() == Client::State::Failed) == !outcome.why.empty(), "a failure has a reason");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto by_octet = play(data[0], octets, 1), again = play(data[0], octets, 1);
  check(by_octet == again, "the same filter, the same talk");
  (void)play(data[0], octets, octets.size() + 1);
  return 0;
}
