//! A function's settings, read from its Spin variables once per instance and checked before the first request.

use crate::{
    auth::{
        keys::KeySet,
        realtime::TokenSigner,
        signature::{CarrierKeys, Unconfigured},
        verifier::Verifier,
    },
    rules::rollout::Rollouts,
    settings::{CarrierAccount, InvalidSetting, Receiver, Variables},
    wire::cors::Cors,
};

/// Checked settings.
pub struct Settings {
    /// The database's address, as Spin reads it.
    pub database_url: String,
    /// The CA of the database's certificate, in PEM form.
    pub database_ca: Option<String>,
    /// Checks tokens.
    pub verifier: Verifier,
    /// Where to fetch the key set from.
    pub jwks_url: Option<String>,
    /// Which scripts may call, and with which headers.
    pub cors: Cors,
    /// How far features may be rolled out.
    pub rollouts: Rollouts,
    /// How many requests may share a statement.
    pub group_commit: usize,
    /// Lets a scraper read the metrics.
    pub metrics_token: Option<String>,
    /// Who is sent alerts.
    pub alert_receiver: Option<Receiver>,
    /// Through which account texts are sent.
    pub carrier_account: Option<CarrierAccount>,
    /// Checks the carrier's signatures, or why it cannot. No other function fails with it, so this is no fault of the
    /// settings.
    pub carrier_keys: Result<CarrierKeys, Unconfigured>,
    /// Whether clients reach NATS; none where the component is not told.
    pub has_realtime: Option<bool>,
    /// Signs tokens for NATS, where realtime is on.
    pub token_signer: Option<TokenSigner>,
}

impl Settings {
    /// Checks the variables.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn parse(variables: &Variables) -> Result<Settings, Vec<InvalidSetting>> {
        let faults = variables.faults();
        if !faults.is_empty() {
            return Err(faults);
        }
        let fault = |fault: InvalidSetting| vec![fault];
        let address = variables.address().map_err(|error| fault(InvalidSetting::Database(error)))?;
        let keys = match variables.jwks() {
            Some(jwks) => KeySet::parse(jwks).map_err(|error| fault(InvalidSetting::Keys(error)))?,
            None => KeySet::default(),
        };
        let verifier = Verifier::new(&variables.jwt_secret, keys, &variables.jwt_issuer, &variables.jwt_audience)
            .map_err(|error| fault(InvalidSetting::Keys(error)))?;
        Ok(Settings {
            database_url: address.driver_url(),
            database_ca: address.ca_text().map(str::to_owned),
            verifier,
            jwks_url: variables.jwks_url().map(str::to_owned),
            cors: variables.cors().map_err(|error| fault(InvalidSetting::Cors(error)))?,
            rollouts: variables.rollouts.parse().map_err(|error| fault(InvalidSetting::Rollouts(error)))?,
            group_commit: variables.group_commit().map_err(fault)?,
            metrics_token: variables.metrics_token().map_err(fault)?.map(str::to_owned),
            alert_receiver: variables.alert_receiver().map_err(fault)?,
            carrier_account: variables.carrier_account().map_err(fault)?,
            carrier_keys: CarrierKeys::new(
                &variables.twilio_webhook_url,
                &variables.twilio_auth_token,
                &variables.twilio_auth_token_secondary,
                &variables.twilio_signature,
            ),
            has_realtime: match &variables.realtime_url {
                Some(_) => Some(variables.realtime_url().map_err(fault)?.is_some()),
                None => None,
            },
            token_signer: variables.realtime().map_err(fault)?.map(TokenSigner::new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn variables(database_url: &str, database_ca: &str) -> Variables {
        Variables {
            database_url: database_url.into(),
            database_ca: database_ca.into(),
            jwt_secret: "a test secret of at least 32 bytes".into(),
            ..Variables::default()
        }
    }

    #[test]
    fn spin_is_given_an_address_that_it_can_read() {
        let read = |url, ca| Settings::parse(&variables(url, ca)).map(|s| (s.database_url, s.database_ca)).unwrap();
        let url = "postgres://rolecall_edge@h:5432/d?sslmode=require".to_owned();
        assert_eq!(read("postgres://rolecall_edge@h/d?sslmode=verify-full", ""), (url.clone(), None));
        assert_eq!(read("postgres://rolecall_edge@h/d", PEM), (url, Some(PEM.to_owned())));
        let (url, _) = read("host=h user=rolecall_edge password='a b' sslmode=disable", "");
        assert_eq!(url, "postgres://rolecall_edge:a%20b@h:5432/rolecall_edge?sslmode=disable");
    }

    #[test]
    fn a_key_whose_numbers_are_none_is_refused() {
        let jwks = r#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}"#;
        let variables = Variables { jwt_jwks: jwks.into(), ..variables("postgres://u@h", "") };
        assert_eq!(variables.faults(), []);
        let faults = Settings::parse(&variables).err();
        assert_eq!(faults, Some(vec![InvalidSetting::Keys(crate::settings::InvalidKeys::NoUsableKey)]));
    }
}
