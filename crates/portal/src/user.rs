//! Who is signed in, in which state, with which rights; and forms that only a page of the session can have sent.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use diesel::pg::PgConnection;
use linking::review::Judge;
use mde::StateCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::accounts::{self, Grant, Role};
use store::roster::Place;
use store::work_items::{self, Scope};
use store::{Access, Actor, Channel, Purpose};

use crate::failure::Failure;
use crate::reach::{Reach, is_whole};
use crate::session::{self, Session};
use crate::state::Portal;

/// Where an account acts: one state, or none with a federal role.
pub(crate) type ActsIn = Option<StateCode>;

/// Name of the federal context in a form and in the session.
const FEDERAL: &str = "federal";

/// Something that a page lets people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Its own account: also while a password has to be chosen.
    OwnAccount,
    /// Anything that every account may.
    SignedIn,
    /// Search and see records of children.
    ReadRecords,
    /// See and decide near matches, and validate what others ask for.
    DecideMatches,
    /// Ask for records to be joined, taken apart, or for that to be undone.
    StartMerges,
    /// See the state's notices and send new ones.
    SendNotices,
    /// Answer notices to the state.
    AnswerNotices,
    /// See the state's batches and findings.
    SeeBatches,
    /// Release a batch that is held.
    ReleaseBatches,
    /// See counts and lists of the state's children.
    SeeReports,
    /// Freeze counts.
    TakeSnapshots,
    /// See what contradicts itself in the state's records, and keep its requirements and rules.
    ManageState,
    /// See and judge what differs between the state's own list and the hub.
    Reconcile,
    /// See whom the own school, district or state has.
    SeeStudents,
    /// Say that the district has seen that a child is new.
    AcknowledgeChildren,
    /// See the pages of administration.
    Administer,
    /// Make and change accounts.
    ManageUsers,
    /// Say something to all users of the state, or of all states.
    Announce,
    /// Search who saw whom.
    SeeAudit,
}

impl Permission {
    /// Whether a role gives it.
    #[must_use]
    pub fn is_given_by(self, role: Role) -> bool {
        use Role::{
            Arbiter, BatchSubmitter, DataAdministrator, PrimaryUser, SecondaryUser, UserAdministrator,
        };
        match self {
            Self::OwnAccount | Self::SignedIn => true,
            Self::ReadRecords => matches!(role, SecondaryUser | PrimaryUser | DataAdministrator | Arbiter),
            Self::DecideMatches => matches!(role, DataAdministrator | Arbiter),
            Self::StartMerges => matches!(role, PrimaryUser | DataAdministrator | Arbiter),
            Self::SendNotices | Self::AcknowledgeChildren => matches!(role, PrimaryUser | DataAdministrator),
            Self::SeeStudents => matches!(role, SecondaryUser | PrimaryUser | DataAdministrator),
            Self::AnswerNotices | Self::ReleaseBatches | Self::ManageState | Self::Reconcile => {
                role == DataAdministrator
            }
            Self::SeeReports => matches!(role, PrimaryUser | DataAdministrator | Arbiter),
            Self::TakeSnapshots => matches!(role, DataAdministrator | Arbiter),
            Self::SeeBatches => matches!(role, DataAdministrator | BatchSubmitter),
            Self::Administer => !matches!(role, SecondaryUser | PrimaryUser),
            Self::ManageUsers => role == UserAdministrator,
            Self::Announce => matches!(role, UserAdministrator | DataAdministrator),
            Self::SeeAudit => matches!(role, UserAdministrator | DataAdministrator | Arbiter),
        }
    }
}

/// A signed-in account, acting in one state.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) account_id: i64,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) acts_in: ActsIn,
    pub(crate) roles: Vec<Role>,
    /// The districts whose items it administers; `None`: the whole state's.
    pub(crate) districts: Option<Vec<String>>,
    /// The districts that it works for, by all of its roles; `None`: the whole state.
    pub(crate) serves: Option<Vec<String>>,
    /// Its roles that hold in the whole state, or are federal.
    whole: Vec<Role>,
    /// Whose accounts it administers, if any.
    pub(crate) reach: Option<Reach>,
    /// Whether somebody else set its password, so that it has to choose its own before anything else.
    pub(crate) must_change: bool,
    /// Everywhere it may act.
    pub(crate) choices: Vec<ActsIn>,
    pub(crate) key_hash: String,
    pub(crate) session: Session,
    /// Seconds until the session ends if nothing more is asked for.
    pub(crate) seconds: i64,
}

impl User {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| permission.is_given_by(*role))
    }

    /// The state in which it acts; pages of a state's own business are not found without one.
    pub(crate) fn state(&self) -> Result<StateCode, Failure> {
        self.acts_in.ok_or(Failure::NotFound)
    }

    /// Whether it may do this in the whole state, not only in a region or district of it.
    pub(crate) fn may_everywhere(&self, permission: Permission) -> bool {
        self.whole.iter().any(|role| permission.is_given_by(*role))
    }

    /// The right to read, for this purpose.
    pub(crate) fn access(&self, purpose: Purpose, portal: &Portal) -> Access {
        Access {
            actor: Actor::Account {
                account_id: self.account_id,
                email: self.email.clone(),
                state: self.acts_in,
            },
            on_behalf_of: None,
            purpose,
            channel: Channel::Portal,
            at: portal.now(),
        }
    }

    /// As who decides who is who, and on which worklists. Without a federal role an account acts in a state.
    pub(crate) fn judge(&self) -> Judge {
        let scope = match (self.acts_in, &self.districts) {
            (None, _) => Scope::Everything,
            (Some(state), None) => Scope::State(state),
            (Some(state), Some(districts)) => Scope::Districts(state, districts.clone()),
        };
        Judge {
            by: self.label(),
            scope,
        }
    }

    /// Where its own students are: its districts, or the whole of the state in which it acts.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        Ok(Place {
            state: self.state()?,
            districts: self.serves.clone(),
            school: None,
        })
    }

    /// How it is named in what it decides.
    pub(crate) fn label(&self) -> String {
        format!("account:{}", self.email)
    }

    fn load(
        connection: &mut PgConnection,
        key_hash: String,
        portal: &Portal,
    ) -> Result<Option<Self>, Failure> {
        let now = portal.now();
        let Some(session) = Session::resume(connection, &key_hash, now)? else {
            return Ok(None);
        };
        let Some(account) =
            accounts::find(connection, session.account_id)?.filter(|a| a.disabled_at.is_none())
        else {
            return Ok(None);
        };
        let grants = accounts::grants(connection, account.account_id)?;
        let choices = choices(&grants);
        let chosen = match (&session.acts_in, choices.as_slice()) {
            (Some(name), _) => choices
                .iter()
                .copied()
                .find(|choice| choice_name(*choice) == *name),
            (None, [only]) => Some(*only),
            (None, _) => None,
        };
        let acting: Vec<&Grant> = grants
            .iter()
            .filter(|grant| chosen.is_some_and(|place| grant.state == place))
            .collect();
        let acts_in = chosen.flatten();
        let mut districts_of = |state, regions: &[String]| match regions {
            [] => Ok(Vec::new()),
            regions => work_items::districts_of(connection, state, regions),
        };
        let reach = Reach::of(acts_in, &acting, &mut districts_of)?;
        let serves = districts(acts_in, &acting, &mut districts_of)?;
        // Somebody who is no administrator has no worklist, and sees its own requests wherever they are.
        let administers: Vec<&Grant> = acting
            .iter()
            .copied()
            .filter(|grant| grant.role == Role::DataAdministrator)
            .collect();
        let districts = districts(acts_in, &administers, &mut districts_of)?;
        Ok(Some(Self {
            account_id: account.account_id,
            email: account.email,
            name: account.name,
            acts_in,
            roles: acting.iter().map(|grant| grant.role).collect(),
            districts,
            serves,
            whole: acting
                .iter()
                .filter(|grant| is_whole(grant))
                .map(|grant| grant.role)
                .collect(),
            reach,
            must_change: account.password_until.is_some(),
            choices,
            key_hash,
            seconds: (session.expires_at(now) - now).num_seconds(),
            session,
        }))
    }
}

/// The districts of these roles of one state, each once, if none of them holds in the whole state; `None` also where
/// there is no role. A region stands for the districts that belong to it on the day, and without any is none.
fn districts(
    acts_in: ActsIn,
    grants: &[&Grant],
    districts_of: &mut impl FnMut(StateCode, &[String]) -> store::Result<Vec<String>>,
) -> store::Result<Option<Vec<String>>> {
    let Some(state) = acts_in.filter(|_| !grants.is_empty() && !grants.iter().any(|grant| is_whole(grant)))
    else {
        return Ok(None);
    };
    let regions: Vec<String> = grants.iter().filter_map(|grant| grant.region.clone()).collect();
    let mut districts = districts_of(state, &regions)?;
    districts.extend(grants.iter().filter_map(|grant| grant.district.clone()));
    districts.sort_unstable();
    districts.dedup();
    Ok(Some(districts))
}

/// The places where these roles apply, each once.
pub(crate) fn choices(grants: &[Grant]) -> Vec<ActsIn> {
    let mut places: Vec<ActsIn> = grants.iter().map(|grant| grant.state).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// A place as a form names it.
pub(crate) fn choice_name(place: ActsIn) -> String {
    place.map_or_else(|| FEDERAL.to_owned(), |state| state.to_string())
}

/// A right that a page asks for by its type.
pub(crate) trait Right: 'static {
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),+) => {$(
        #[doc = concat!("The right of [`Permission::", stringify!($name), "`].")]
        #[derive(Debug)]
        pub(crate) struct $name;
        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}
rights!(
    OwnAccount,
    SignedIn,
    ReadRecords,
    DecideMatches,
    StartMerges,
    SendNotices,
    AnswerNotices,
    SeeBatches,
    ReleaseBatches,
    SeeReports,
    TakeSnapshots,
    ManageState,
    Reconcile,
    SeeStudents,
    AcknowledgeChildren,
    Administer,
    ManageUsers,
    Announce,
    SeeAudit
);

pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

/// A user who has the right `R`: the one thing a handler needs to name to be guarded.
pub(crate) struct Allowed<R> {
    user: User,
    right: PhantomData<R>,
}

impl<R> fmt::Debug for Allowed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Allowed").field(&self.user.account_id).finish()
    }
}

impl<R> Deref for Allowed<R> {
    type Target = User;
    fn deref(&self) -> &User {
        &self.user
    }
}

impl<R: Right> FromRequest for Allowed<R> {
    type Error = Failure;
    type Future = Pending<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { allowed(&request).await })
    }
}

pub(crate) async fn allowed<R: Right>(request: &HttpRequest) -> Result<Allowed<R>, Failure> {
    let next = || {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        Failure::SignIn {
            next: if request.method() == "GET" {
                path.to_owned()
            } else {
                "/".to_owned()
            },
        }
    };
    let portal = portal_of(request)?;
    let key_hash = session::key_hash(&session::key_of(request).ok_or_else(next)?);
    let user = {
        let portal_for_work = portal.clone();
        portal
            .run(move |connection| User::load(connection, key_hash, &portal_for_work))
            .await?
    };
    let user = user.ok_or_else(next)?;
    let own = matches!(R::PERMISSION, Permission::OwnAccount);
    if user.must_change && !own {
        return Err(Failure::ChoosePassword);
    }
    let choosing = own || matches!(R::PERMISSION, Permission::SignedIn);
    if user.roles.is_empty() && user.choices.len() > 1 && !choosing {
        return Err(Failure::ChooseState);
    }
    if !choosing && !user.may(R::PERMISSION) {
        return Err(Failure::Forbidden);
    }
    Ok(Allowed {
        user,
        right: PhantomData,
    })
}

pub(crate) fn portal_of(request: &HttpRequest) -> Result<web::Data<Portal>, Failure> {
    request
        .app_data::<web::Data<Portal>>()
        .cloned()
        .ok_or(Failure::Internal)
}

/// A form `T` with the session's token, sent from this site by a user who has the right `R`.
#[derive(Debug)]
pub(crate) struct Guarded<R, T> {
    pub(crate) user: Allowed<R>,
    pub(crate) form: T,
}

/// How browsers send forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// A form that was sent after its session had ended, kept by the sign-in page and nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Path of the page that it was sent to.
    pub(crate) action: String,
    /// Its fields, as browsers write them.
    pub(crate) form: String,
}

impl Kept {
    /// Its fields but for the token of the session that has ended.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let read = web::Query::<Vec<(String, String)>>::from_query(&self.form);
        let mut fields = read.map(web::Query::into_inner).unwrap_or_default();
        fields.retain(|(name, _)| name != "csrf");
        fields
    }
}

/// A form with the token that every form carries.
#[derive(Deserialize)]
pub(crate) struct Tokened<T> {
    pub(crate) csrf: String,
    #[serde(flatten)]
    pub(crate) form: T,
}

impl<R: Right, T: DeserializeOwned + 'static> FromRequest for Guarded<R, T> {
    type Error = Failure;
    type Future = Pending<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = String::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let from_here = sent_from_here(&request);
            let user = match allowed::<R>(&request).await {
                Err(Failure::SignIn { .. }) if from_here && session::key_of(&request).is_some() => {
                    let form = body.await.map_err(|_| Failure::BadRequest)?;
                    if form.contains("password") {
                        // It must not stand in a page.
                        return Err(Failure::SignIn { next: "/".to_owned() });
                    }
                    let action = request.path().to_owned();
                    return Err(Failure::SessionEnded {
                        csrf: portal_of(&request)?.secret(),
                        kept: Kept { action, form },
                    });
                }
                user => user?,
            };
            if !from_here {
                return Err(Failure::StaleForm);
            }
            if request.content_type() != FORM {
                return Err(Failure::BadRequest);
            }
            let body = body.await.map_err(|_| Failure::BadRequest)?;
            let read = web::Query::<Tokened<T>>::from_query(&body).map_err(|_| Failure::BadRequest)?;
            let Tokened { csrf, form } = read.into_inner();
            if !session::same_secret(&csrf, &user.session.csrf) {
                return Err(Failure::StaleForm);
            }
            Ok(Self { user, form })
        })
    }
}

/// Whether the browser says, as far as it says anything, that a page of this site sent the request.
pub(crate) fn sent_from_here(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let site = header("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let host = request
        .uri()
        .authority()
        .map(actix_web::http::uri::Authority::as_str)
        .or_else(|| header(HOST.as_str()));
    let origin = header(ORIGIN.as_str())
        .is_none_or(|origin| host.is_some_and(|host| origin.strip_prefix("https://") == Some(host)));
    site && origin
}
