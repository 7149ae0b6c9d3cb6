#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {
namespace {

struct Words {
  std::string_view name, en, ja;
};
constexpr std::array<Words, failure_classes> words{{
    {"refused", "refused for good (5xx)", "受信拒否(5xx)"},
    {"transient", "refused for now (4xx)", "一時エラー(4xx)"},
    {"no-answer", "no answer", "マシン無応答"},
    {"greylisted", "greylisted", "グレイリスト"},
    {"timeout", "no answer in time", "応答時間切れ"},
    {"connection-refused", "connection refused", "接続拒否"},
    {"unreachable", "unreachable", "到達不能"},
    {"line-cut", "the line was cut before the reply", "応答前の回線切断"},
    {"no-dns-answer", "no usable DNS answer", "DNS 無応答"},
    {"tls", "no TLS as demanded", "TLS 不成立"},
    {"name", "the name takes no mail", "宛先名がメールを受けない"},
    {"policy", "put off by policy: authentication or reputation (4xx)", "ポリシーによる一時拒否(認証・評判、4xx)"},
    {"policy-refused", "refused by policy: authentication or reputation (5xx)", "ポリシーによる拒否(認証・評判、5xx)"},
}};

}  // namespace

std::string_view class_name(FailureClass failure) { return words[static_cast<std::size_t>(failure)].name; }

std::string_view class_words(FailureClass failure, bool japanese) {
  const auto& one = words[static_cast<std::size_t>(failure)];
  return japanese ? one.ja : one.en;
}

std::optional<FailureClass> parse_class(std::string_view name) {
  for (std::size_t n = 0; n < words.size(); ++n)
    if (words[n].name == name) return static_cast<FailureClass>(n);
  return std::nullopt;
}

}  // namespace hikyaku::delivery
