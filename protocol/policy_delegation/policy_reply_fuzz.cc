// Whatever a policy server answers: a split changes nothing, and what is kept of it can be logged and sent.
#include <cstdint>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/policy_delegation/delegation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hikyaku;
  using policy_delegation::Action;
  using policy_delegation::ReplyReader;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  ReplyReader whole, pieces;
  whole.receive(octets);
  for (const char octet : octets) pieces.receive({&octet, 1});
  if (size <= policy_delegation::most_reply_octets) check(whole.state() == pieces.state() && whole.action() == pieces.action(), "a split changes nothing");
  if (whole.state() != ReplyReader::State::Complete) return 0;
  const auto action = policy_delegation::parse_action(whole.action());
  if (!action) return 0;
  check(action->text.size() <= 4'000 && action->reply.text.size() <= 480, "what is kept is short");
  for (const char c : action->text + action->reply.text) check(!is_ctl(c), "and one line");
  check((action->kind == Action::Kind::Refuse) == action->reply.is_permanent() && (action->kind == Action::Kind::Defer) == action->reply.is_transient(), "a reply is of its kind");
  return 0;
}
