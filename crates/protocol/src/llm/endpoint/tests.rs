//! Promises about paths: which endpoint each asks for, and what it says by itself.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::{Endpoint, Purpose};
use crate::llm::{Family, LlmApi};

#[test]
fn an_endpoint_is_known_under_any_prefix_and_in_any_spelling() {
    let table = [
        ("/v1/chat/completions", LlmApi::ChatCompletions),
        ("/chat/completions", LlmApi::ChatCompletions),
        ("/a//CHAT/%63ompletions/", LlmApi::ChatCompletions),
        ("/v1/responses", LlmApi::Responses),
        ("/openai/v1/Responses/", LlmApi::Responses),
        ("/anthropic/v1/messages", LlmApi::Messages),
        ("/v1/%6dessages", LlmApi::Messages),
        ("/model/m/converse", LlmApi::Converse),
        ("/bedrock/model/m/converse-stream", LlmApi::Converse),
        ("/model/m/Invoke", LlmApi::InvokeModel),
        ("/model/m/invoke-with-response-stream", LlmApi::InvokeModel),
        ("/v1beta/models/m:generateContent", LlmApi::GenerateContent),
        (
            "/v1beta/models/m%3AstreamGenerateContent",
            LlmApi::GenerateContent,
        ),
    ];
    for (path, api) in table {
        let endpoint = Endpoint::of(path).expect(path);
        assert_eq!(
            (endpoint.api, endpoint.purpose),
            (api, Purpose::Generate),
            "{path}"
        );
    }
}

#[test]
fn other_paths_are_no_endpoint() {
    for path in [
        "",
        "/",
        "/v1/chat",
        "/v1/completions",
        "/chat/completions/1",
        "/v1/responses/r-1/cancel",
        "/v1/messages/batches",
        "/v1/threads/t-1/messages",
        "/model//converse",
        "/m/converse",
        "/models/m",
        "/v1beta/models/:generateContent",
        "/v1beta/models/m:embedContent",
        "/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict",
    ] {
        assert_eq!(Endpoint::of(path), None, "{path}");
    }
}

#[test]
fn what_only_counts_tokens_is_no_generation() {
    for path in [
        "/v1/responses/input_tokens",
        "/v1/messages/count_tokens",
        "/model/m/count-tokens",
        "/v1beta/models/m:countTokens",
        "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
    ] {
        let endpoint = Endpoint::of(path).expect(path);
        assert_eq!(endpoint.purpose, Purpose::CountTokens, "{path}");
    }
}

#[test]
fn a_path_names_the_model_and_how_it_answers() {
    let vertex = "/v1/projects/p/locations/europe-west4";
    let table = [
        (
            "/openai/deployments/d/chat/completions".to_owned(),
            "d",
            None,
        ),
        ("/openai/deployments/d/responses".to_owned(), "d", None),
        ("/model/m/converse".to_owned(), "m", Some(false)),
        ("/model/m/converse-stream".to_owned(), "m", Some(true)),
        ("/model/a:b%2Fc/invoke".to_owned(), "a:b/c", Some(false)),
        (
            "/model/a:b/c/invoke-with-response-stream".to_owned(),
            "a:b/c",
            Some(true),
        ),
        (
            "/v1beta/models/g-1:generateContent".to_owned(),
            "g-1",
            Some(false),
        ),
        (
            "/v1beta/tunedModels/g-1:streamGenerateContent".to_owned(),
            "tunedModels/g-1",
            Some(true),
        ),
        (
            format!("{vertex}/publishers/google/models/g-1:generateContent"),
            "g-1",
            Some(false),
        ),
        (
            format!("{vertex}/endpoints/1:generateContent"),
            "endpoints/1",
            Some(false),
        ),
        (
            format!("{vertex}/publishers/anthropic/models/c@1:streamRawPredict"),
            "c@1",
            Some(true),
        ),
    ];
    for (path, model, stream) in table {
        let endpoint = Endpoint::of(&path).expect("an endpoint");
        assert_eq!(endpoint.model.as_deref(), Some(model), "{path}");
        assert_eq!(endpoint.stream, stream, "{path}");
    }
}

#[test]
fn anthropic_on_vertex_speaks_anthropic_at_googles_path() {
    let path = "/v1/projects/p/locations/EU/publishers/anthropic/models/c:rawPredict";
    let endpoint = Endpoint::of(path).expect("an endpoint");
    assert_eq!(endpoint.family, Family::Gemini);
    assert_eq!(endpoint.api, LlmApi::Messages);
    assert_eq!(endpoint.region, Some(("location", "eu".to_owned())));
}

proptest! {
    #[test]
    fn no_path_makes_it_panic(path in "/?[ -~]{0,60}|.{0,40}") {
        let _ = Endpoint::of(&path);
    }

    #[test]
    fn a_model_in_the_path_is_found_however_its_characters_are_escaped(
        model in "[a-z0-9.:-]{1,20}",
        escape in any::<bool>(),
    ) {
        let escaped = utf8_percent_encode(&model, NON_ALPHANUMERIC).to_string();
        let written = if escape { &escaped } else { &model };
        for path in [format!("/model/{written}/converse"), format!("/models/{written}:countTokens")] {
            let endpoint = Endpoint::of(&path).expect("an endpoint");
            prop_assert_eq!(endpoint.model.as_deref(), Some(model.as_str()));
        }
    }
}
