// Any records: an evaluation ends within its bounds. The input: From, the SPF domain, the DKIM domain, then lines, each the
// answer to the next question.
#include <cstdlib>

#include "protocol/dmarc/aggregate_report.h"

using namespace hikyaku;
using namespace hikyaku::dmarc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = [&text] {
    const auto one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    return std::string(one);
  };
  static const auto list = PublicSuffixList::parse("example\n*.jp\n!a.jp\n");
  (void)PublicSuffixList::parse(text);
  (void)read_consent({std::string(text)}, "a.example");
  const auto from = line();
  const auto author = author_domain(dkim::FieldIndex("From: " + from + "\r\n"));
  Facts facts{author ? *author : "x.a.example", {line(), spf::Outcome::Pass}, {{line(), "s", dkim::Outcome::Pass}, {line(), "s", dkim::Outcome::TempError}}};
  Options options;
  if (size % 2 == 1) options.discovery = BySuffixList{&list};
  Evaluation evaluation(facts, options);
  for (int asked = 0;; ++asked) {
    if (asked > 30) std::abort();
    auto step = evaluation.next();
    if (const auto* verdict = std::get_if<Verdict>(&step)) {
      const bool aligned = verdict->spf_aligned || verdict->dkim_aligned;
      if (aligned != (verdict->outcome == dmarc::Outcome::Pass) || (verdict->disposition != Policy::None && verdict->outcome != dmarc::Outcome::Fail)) std::abort();
      return 0;
    }
    const auto record = line();
    Answer answer;
    if (record == "!") answer.kind = Answer::Kind::Failure;
    else if (!record.empty()) answer = {Answer::Kind::Records, {record}};
    evaluation.answer(std::get<Question>(step), std::move(answer));
  }
}
