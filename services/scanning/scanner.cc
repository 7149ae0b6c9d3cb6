#include "services/scanning/scanner.h"

#include <algorithm>

#include "io/listener.h"
#include "protocol/clamd/command.h"
#include "protocol/clamd/reply.h"

namespace hikyaku::scanning {
namespace {

constexpr std::size_t most_in_one_write = 64 << 10;
constexpr Duration last_words_limit = 2s;  // for what clamd said before it stopped listening
constexpr unsigned late_before_asking = 2;

Scan trouble_of(const io::IoError& error) {
  if (error.kind == io::IoFailure::Refused || error.kind == io::IoFailure::Unreachable) return {Outcome::Away, {}, error.what};
  if (error.kind == io::IoFailure::TimedOut) return {Outcome::Slow, {}, "the scanner did not answer in time"};
  if (error.kind == io::IoFailure::NoResources) return {Outcome::Slow, {}, "the scanner takes no more connections"};  // its backlog is full
  return {Outcome::Failed, {}, error.what};
}

Scan scan_of(const clamd::ScanReply& reply) {
  switch (reply.verdict) {
    case clamd::Verdict::Clean: return {Outcome::Clean, {}, {}};
    case clamd::Verdict::Infected: return {Outcome::Infected, reply.name, {}};
    // Ours said that this size is scanned: that clamd does not is our trouble, not the sender's.
    case clamd::Verdict::TooLarge: return {Outcome::NotAsked, {}, "the scanner takes no text of this size (StreamMaxLength of clamd.conf)"};
    case clamd::Verdict::Failed: break;
  }
  return {Outcome::Failed, {}, "the scanner said: " + reply.words};
}

Task<io::IoResult<std::string>> read_reply(io::Connection& connection, Deadline deadline) {
  clamd::ReplyReader reply;
  for (;;) {
    auto reading = connection.read(deadline);
    const auto got = co_await std::move(reading);
    if (!got && got.error().kind == io::IoFailure::Closed) break;
    if (!got && !reply.text().empty()) break;
    if (!got) co_return failure(got.error());
    if (reply.receive(*got)) break;
  }
  co_return reply.text();
}

// Gathers what is small, so that an ordinary message is one write.
class Sender {
 public:
  Sender(io::Connection& connection, const ScannerOptions& options, Deadline end) : connection_(connection), options_(options), end_(end), out_(clamd::instream) {}

  Task<io::IoResult<>> send(std::string_view piece) {
    out_ += clamd::chunk_head(static_cast<std::uint32_t>(piece.size()));
    while (!piece.empty()) {
      const auto part = piece.substr(0, most_in_one_write - std::min(out_.size(), most_in_one_write - 1));
      out_ += part;
      piece.remove_prefix(part.size());
      if (out_.size() < most_in_one_write) continue;
      auto flushing = flush();
      auto flushed = co_await std::move(flushing);
      if (!flushed) co_return flushed;
    }
    co_return io::IoResult<>{};
  }
  Task<io::IoResult<>> finish() {
    out_ += clamd::chunk_head(0);
    auto flushing = flush();
    co_return co_await std::move(flushing);
  }

 private:
  Task<io::IoResult<>> flush() {
    auto& loop = connection_.loop();
    auto writing = connection_.write(out_, std::min(end_, loop.after(options_.idle_limit)));
    auto written = co_await std::move(writing);
    out_.clear();
    co_return written;
  }
  io::Connection& connection_;
  const ScannerOptions& options_;
  const Deadline end_;
  std::string out_;
};

struct Sent {
  io::IoResult<> written;
  std::string unreadable;  // the text could not be read: why
};

Task<Sent> send_text(io::Connection& connection, const ScannerOptions& options, Text& text, Deadline end) {
  Sender sender(connection, options, end);
  for (;;) {
    auto reading = text.next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return Sent{{}, piece.error()};
    if (piece->empty()) break;
    auto sending = sender.send(*piece);
    auto sent = co_await std::move(sending);
    if (!sent) co_return Sent{std::move(sent), {}};
  }
  auto finishing = sender.finish();
  auto finished = co_await std::move(finishing);
  co_return Sent{std::move(finished), {}};
}

Task<Scan> talk(io::Loop& loop, const ScannerOptions& options, Text& text, Deadline end) {
  auto connecting = io::connect(loop, options.clamd, std::min(end, loop.after(options.connect_limit)));
  const auto connection = co_await std::move(connecting);
  if (!connection) co_return trouble_of(connection.error());
  auto sending = send_text(**connection, options, text, end);
  const auto sent = co_await std::move(sending);
  if (!sent.unreadable.empty()) co_return Scan{Outcome::NotAsked, {}, sent.unreadable};
  if (!sent.written && sent.written.error().kind == io::IoFailure::TimedOut) co_return trouble_of(sent.written.error());
  // Who stops listening has often said why.
  auto reading = read_reply(**connection, sent.written ? end : std::min(end, loop.after(last_words_limit)));
  const auto reply = co_await std::move(reading);
  if (!reply) co_return trouble_of(sent.written ? reply.error() : sent.written.error());
  auto scan = scan_of(clamd::parse_scan_reply(*reply));
  // Nothing is clean that was not seen whole.
  if (scan.outcome == Outcome::Clean && !sent.written) co_return trouble_of(sent.written.error());
  co_return scan;
}

}  // namespace

// One of the scans that run.
class Scanner::Place {
 public:
  explicit Place(ScanPlaces& places) : places_(places) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { places_.leave(); }

 private:
  ScanPlaces& places_;
};

Task<bool> Scanner::answers(const ScannerOptions& options, Deadline deadline) {
  auto connecting = io::connect(loop_, options.clamd, deadline);
  const auto connection = co_await std::move(connecting);
  if (!connection) co_return connection.error().kind == io::IoFailure::Refused;  // that it is away the scan itself finds out
  auto writing = (*connection)->write(clamd::ping, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return false;
  auto reading = read_reply(**connection, deadline);
  const auto reply = co_await std::move(reading);
  co_return reply && *reply == "PONG";
}

// One asks, the others wait for the answer.
Task<bool> Scanner::is_back(const ScannerOptions& options, Deadline deadline) {
  if (probing_) {
    io::Wait told(loop_, &waiting_for_answer_, deadline, io::Wake::TimedOut);
    const auto woken = co_await told;
    co_return woken == io::Wake::Ready && late_ == 0;
  }
  probing_ = true;
  auto asking = answers(options, loop_.after(options.connect_limit));
  const bool lives = co_await std::move(asking);
  probing_ = false;
  if (lives) late_ = 0;
  while (waiting_for_answer_.linked()) static_cast<io::Wait*>(waiting_for_answer_.next())->wake(io::Wake::Ready);
  co_return lives;
}

void Scanner::note(const Scan& scan) {
  if (scan.outcome == Outcome::Slow) ++late_;
  else if (scan.outcome != Outcome::TooLarge) late_ = 0;
}

Task<Scan> Scanner::scan(ScannerOptions options, Text& text, std::uint64_t octets) {
  const ScannerOptions by = std::move(options);
  if (octets > by.most_octets) co_return Scan{Outcome::TooLarge, {}, "the message is larger than [scanning] size"};
  const Deadline end = loop_.after(by.scan_limit);
  if (late_ >= late_before_asking) {
    auto asking = is_back(by, end);
    const bool back = co_await std::move(asking);
    if (!back) co_return Scan{Outcome::Slow, {}, "the scanner does not answer"};
  }
  auto entering = places_->enter(loop_, by.at_once, end);
  const bool entered = co_await std::move(entering);
  if (!entered) co_return Scan{Outcome::Slow, {}, "all scans at once were under way ([scanning] parallel)"};
  const Place place(*places_);
  auto talking = talk(loop_, by, text, end);
  auto result = co_await std::move(talking);
  note(result);
  co_return result;
}

std::optional<io::SocketAddress> clamd_address(std::string_view text) {
  if (text.starts_with('/')) return io::SocketAddress::unix_path(std::string(text));
  return io::SocketAddress::parse(text);
}

}  // namespace hikyaku::scanning
