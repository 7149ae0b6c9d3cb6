// Any records: an evaluation ends within its bounds, and a valid domain-spec expands. The input: the client, then lines, each
// the answer to the next question.
#include <cstdlib>

#include "protocol/spf/evaluation.h"
#include "protocol/spf/record.h"

using namespace hikyaku::spf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = [&text] {
    const auto end = text.find('\n');
    const auto one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return std::string(one);
  };
  std::string why;
  if (is_spf_record(text)) (void)parse_record(text, why);
  Client client;
  client.address = line(), client.mail_from = line(), client.helo = line();
  Evaluation evaluation(client);
  for (int asked = 0;; ++asked) {
    if (asked > 200) std::abort();
    auto step = evaluation.next();
    if (std::holds_alternative<Verdict>(step)) return 0;
    Answer answer;
    std::string records = line();
    if (records == "!") answer.kind = Answer::Kind::Failure;
    for (std::size_t at = 0; !records.empty() && records != "!" && at <= records.size();) {
      const auto end = std::min(records.find('|', at), records.size());
      answer.kind = Answer::Kind::Records;
      answer.records.push_back(records.substr(at, end - at));
      at = end + 1;
    }
    evaluation.answer(std::get<Question>(step), std::move(answer));
  }
}
