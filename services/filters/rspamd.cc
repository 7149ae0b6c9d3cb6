#include "services/filters/rspamd.h"

#include "base/cursor.h"
#include "io/listener.h"
#include "protocol/http/response.h"

namespace hikyaku::filters {
namespace {

// Foreign text in a field of the request: never another field.
std::string field_value(std::string_view text) {
  std::string out(text.substr(0, 1'000));
  for (char& c : out)
    if (is_ctl(c)) c = '?';
  return out;
}

std::string head_of(const settings::FilterRow& row, const RspamdFacts& facts, std::uint64_t octets) {
  std::string head = "POST /checkv2 HTTP/1.1\r\nHost: " + (row.socket.find('/') == std::string::npos ? row.socket : std::string("localhost")) + "\r\nConnection: close\r\nContent-Length: " + std::to_string(octets) + "\r\n";
  for (const auto& [name, value] : facts) (head += name) += ": " + field_value(value) + "\r\n";
  return head += "\r\n";
}

Task<Result<void, std::string>> send_text(io::Connection& connection, std::string head, scanning::Text& text, std::uint64_t octets, const settings::FilterRow& row, Deadline end) {
  std::string out = std::move(head);
  auto& loop = connection.loop();
  for (std::uint64_t sent = 0;;) {
    auto reading = text.next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return failure("the message cannot be read: " + piece.error());
    sent += piece->size();
    if (piece->empty() && sent != octets) co_return failure(std::string("the message is not as long as it was"));
    out += *piece;
    auto writing = connection.write(out, std::min(end, loop.after(row.timeout)));
    const auto written = co_await std::move(writing);
    if (!written) co_return failure(trouble_text(written.error()));
    if (sent >= octets) co_return Result<void, std::string>{};
    out.clear();
  }
}

Task<Result<RspamdReply, std::string>> read_reply(io::Connection& connection, const settings::FilterRow& row, Deadline end) {
  http::Response response(most_rspamd_reply_octets);
  const auto until = std::min(end, connection.loop().after(row.timeout));
  while (response.state() == http::Response::State::Reading) {
    auto reading = connection.read(until);
    const auto got = co_await std::move(reading);
    if (!got && got.error().kind != io::IoFailure::Closed) co_return failure(trouble_text(got.error()));
    if (got) response.receive(*got);
    else response.ended();
  }
  if (response.state() == http::Response::State::Failed) co_return failure("it sent what is no answer: " + response.why());
  if (response.status() != 200) co_return failure("it answered with status " + std::to_string(response.status()));
  auto reply = parse_rspamd_reply(response.body());
  if (!reply) co_return failure(std::string("it sent what is no answer of rspamd"));
  co_return *std::move(reply);
}

Task<Result<RspamdReply, std::string>> talk(io::Loop& loop, const settings::FilterRow& row, const RspamdFacts& facts, scanning::Text& text, std::uint64_t octets, Deadline end) {
  const auto address = socket_of(row.socket);
  if (!address) co_return failure(std::string("its socket has no such address"));
  auto connecting = io::connect(loop, *address, std::min(end, loop.after(row.timeout)));
  const auto connection = co_await std::move(connecting);
  if (!connection) co_return failure(trouble_text(connection.error()));
  auto sending = send_text(**connection, head_of(row, facts, octets), text, octets, row, end);
  const auto sent = co_await std::move(sending);
  if (!sent) co_return failure(sent.error());
  auto reading = read_reply(**connection, row, end);
  auto reply = co_await std::move(reading);
  co_return reply;
}

}  // namespace

Task<Result<RspamdReply, std::string>> ask_rspamd(io::Loop& loop, settings::FilterRow given, Asked& asked, AskTerms terms, RspamdFacts said, scanning::Text& text, std::uint64_t octets) {
  const settings::FilterRow row = std::move(given);
  const RspamdFacts facts = std::move(said);
  const Deadline end = loop.after(row.total);
  const auto resting = [] { return failure(std::string("it did not answer before, and is not asked for a while")); };
  if (asked.breaker.rests(loop.now())) co_return resting();
  auto entering = asked.turns.enter(terms.at_once, end);
  const bool entered = co_await std::move(entering);
  if (!entered) co_return failure(std::string("all messages that may be with it at once were ([filters] parallel)"));
  const Turn turn(asked.turns);
  if (!asked.breaker.may_ask(loop.now(), row.total)) co_return resting();  // it failed meanwhile
  auto talking = talk(loop, row, facts, text, octets, end);
  auto reply = co_await std::move(talking);
  if (reply) asked.breaker.succeeded();
  else asked.breaker.failed(loop.now(), terms.rest);
  co_return reply;
}

}  // namespace hikyaku::filters
