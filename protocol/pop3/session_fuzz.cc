// The client's commands over a maildrop made of the same octets: the session never fails, any cut of input and bodies
// gives the same talk, and nothing is deleted without QUIT.
#include "base/check.h"
#include "protocol/pop3/session.h"

using namespace hikyaku;
using namespace hikyaku::pop3;

namespace {
struct Talk {
  std::string said;
  bool deleted = false;
};

Talk talk(std::string_view input, std::string_view body, std::size_t piece, SessionLimits limits) {
  Session session("", limits);
  Talk out;
  for (;;) {
    auto step = session.next();
    if (auto* send = std::get_if<Send>(&step)) {
      out.said += send->octets;
    } else if (auto* ask = std::get_if<Ask>(&step)) {
      if (std::holds_alternative<OpenDrop>(ask->request)) {
        session.answer(Drop{{static_cast<std::uint32_t>(body.size()), 0, 5}});
      } else if (auto* uidls = std::get_if<ReadUidls>(&ask->request)) {
        session.answer(Uidls{std::vector<std::string>(uidls->count, "u")});
      } else if (auto* read = std::get_if<ReadBody>(&ask->request)) {
        if (read->message == 2) session.answer(Trouble::Gone);
        else session.answer(Body{std::string(read->message == 1 ? "" : body.substr(std::min<std::size_t>(read->offset, body.size()), read->octets))});
      } else {
        out.deleted = true;
        session.answer(Deleted{});
      }
    } else if (std::holds_alternative<NeedInput>(step)) {
      if (input.empty()) return out;
      session.receive(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    } else {
      return out;
    }
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = talk(input, input, input.size() + 1, {});
  const auto cut = talk(input, input, std::size_t{data[0]} + 1, {.read_octets = std::uint32_t{data[1]} + 1, .uidls_at_once = 1});
  check(whole.said == cut.said, "any cut gives the same talk");
  check(!whole.deleted || whole.said.ends_with("+OK Bye\r\n"), "deletion is QUIT's");
  return 0;
}
